"""The layout of graphs."""

from __future__ import annotations

from math import ceil, sqrt

import pytest
from hypothesis import given

from installhub.graphs.graph import Graph
from installhub.graphs.layout import BOX_HEIGHT, Layout, lay_out
from tests.builders import nodes
from tests.hostile_graphs import chain, complete, fan_in, fan_out, ring
from tests.strategies import graphs
from tests.unit.graphs.drawing import drawn

BOX_WIDTH = 150


def laid_out(graph: Graph) -> Layout:
    return lay_out(graph, BOX_WIDTH)


def assert_boxes_are_apart(layout: Layout) -> None:
    boxes = list(layout.boxes.values())
    for number, (x, y) in enumerate(boxes):
        assert 0 <= x <= layout.width - BOX_WIDTH
        assert 0 <= y <= layout.height - BOX_HEIGHT
        assert all(abs(x - other_x) >= BOX_WIDTH or y != other_y for other_x, other_y in boxes[:number])


def assert_no_line_is_behind_a_box(layout: Layout) -> None:
    for line in layout.lines:
        if line.passes:
            x, y = line.end
            assert not any(left < x < left + BOX_WIDTH for left, top in layout.boxes.values() if top == y)


def assert_lines_connect_what_depends_on_each_other(graph: Graph, layout: Layout) -> None:
    """Follow the lines to each artifact backwards: they must begin at exactly the artifacts that depend on it."""
    starts = {(x, y): artifact_id for artifact_id, (x, y) in layout.boxes.items()}
    shown = set()
    for target, (left, top) in layout.boxes.items():
        own = [line for line in layout.lines if line.target == target]
        ends_down = {(left + BOX_WIDTH // 2, top)}
        starts_up = {(left + BOX_WIDTH // 2 + BOX_WIDTH // 4, top + BOX_HEIGHT)}
        for _ in own:
            ends_down |= {(x, y - BOX_HEIGHT) for x, y in (line.start for line in own if line.end in ends_down)}
            starts_up |= {(x, y + BOX_HEIGHT) for x, y in (line.end for line in own if line.start in starts_up)}
        for x, y in ends_down - {(left + BOX_WIDTH // 2, top)}:
            if (x - BOX_WIDTH // 2, y) in starts:
                shown.add((starts[x - BOX_WIDTH // 2, y], target))
        for x, y in starts_up - {(left + BOX_WIDTH // 2 + BOX_WIDTH // 4, top + BOX_HEIGHT)}:
            corner = (x - BOX_WIDTH // 2 - BOX_WIDTH // 4, y - BOX_HEIGHT)
            if corner in starts:
                shown.add((starts[corner], target))
    assert shown == {(edge.source, edge.target) for edge in graph.edges if edge.source != edge.target}


@given(graphs(max_size=40))
def test_boxes_do_not_overlap_and_lines_connect_them_without_running_behind_one(artifacts: dict[str, object]) -> None:
    graph = drawn(artifacts)  # type: ignore[arg-type]
    layout = laid_out(graph)

    assert layout.boxes.keys() == {node.id for node in graph.nodes}
    assert_boxes_are_apart(layout)
    assert_no_line_is_behind_a_box(layout)
    assert_lines_connect_what_depends_on_each_other(graph, layout)


@pytest.mark.parametrize("shape", [chain, complete, fan_in, fan_out, ring], ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("size", [2, 60])
def test_extreme_graphs_are_drawn_like_any_other(shape: object, size: int) -> None:
    graph = drawn(nodes(shape(size)))  # type: ignore[operator]
    layout = laid_out(graph)

    assert_boxes_are_apart(layout)
    assert_no_line_is_behind_a_box(layout)
    assert_lines_connect_what_depends_on_each_other(graph, layout)


@given(graphs(acyclic=True, max_size=40))
def test_dependencies_are_further_down(artifacts: dict[str, object]) -> None:
    graph = drawn(artifacts)  # type: ignore[arg-type]
    layout = laid_out(graph)

    for edge in graph.edges:
        assert layout.boxes[edge.source][1] < layout.boxes[edge.target][1]


@given(graphs(max_size=20))
def test_the_same_graph_has_the_same_layout(artifacts: dict[str, object]) -> None:
    graph = drawn(artifacts)  # type: ignore[arg-type]

    assert laid_out(graph) == laid_out(graph)


def test_many_artifacts_of_one_level_are_spread_over_several_rows() -> None:
    layout = laid_out(drawn(nodes(fan_out(500))))

    rows: dict[int, int] = {}
    for _, y in layout.boxes.values():
        rows[y] = rows.get(y, 0) + 1
    assert max(rows.values()) <= ceil(sqrt(500 / 1.5))
    assert layout.width < 2 * layout.height
    assert layout.height < 2 * layout.width


def test_a_root_is_above_a_cycle_through_it() -> None:
    layout = laid_out(drawn(nodes({"a": "b", "b": "c", "c": "a"}), roots=("b",)))

    assert layout.boxes["b"][1] < layout.boxes["c"][1] < layout.boxes["a"][1]


def test_lines_that_cross_are_untangled() -> None:
    crossed = drawn(nodes({"r": ("a", "b", "c"), "a": "z", "b": "y", "c": "x", "x": (), "y": (), "z": ()}))
    boxes = laid_out(crossed).boxes

    pairs = [("a", "z"), ("b", "y"), ("c", "x")]
    upper = sorted(pairs, key=lambda pair: boxes[pair[0]])
    lower = sorted(pairs, key=lambda pair: boxes[pair[1]])
    assert upper == lower


def test_an_empty_graph_has_no_boxes() -> None:
    layout = laid_out(Graph("nothing", (), ()))

    assert (layout.boxes, layout.lines, layout.arrows) == ({}, [], [])
