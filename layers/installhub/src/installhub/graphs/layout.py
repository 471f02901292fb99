"""The layout of a graph: where its boxes are, and how the lines between them run."""

from __future__ import annotations

from math import ceil, sqrt
from operator import add, sub
from typing import Final, NamedTuple

from installhub.graphs.graph import Graph
from installhub.graphs.layering import assign_layers, downward
from installhub.graphs.ordering import order_rows
from installhub.graphs.placing import place_rows
from installhub.graphs.routing import Routes, count_segments, route
from installhub.model.errors import ErrorCode, InstallHubError

BOX_HEIGHT: Final = 40

MAX_LINES: Final = 50_000
"""Maximum number of lines between two rows that a drawing can have. A dense graph of 300 artifacts has more."""

_BETWEEN_BOXES: Final = 26
_BETWEEN_LINES: Final = 7
_BESIDE_BOX: Final = 14
_MIN_ROW_WIDTH: Final = 5
_ROW_DIVISOR: Final = 1.5
"""Rows have at most the square root of the number of artifacts divided by this: a drawing about as wide as high."""

_MIN_GAP: Final = 48
_MAX_GAP: Final = 150


class Line(NamedTuple):
    """A part of a line: a curve from one row to the next, and through the row where it ends if it goes on.

    Attributes:
        start: Where it begins, below a row.
        end: Where it ends, above the next row.
        passes: Whether it continues straight through that row.
        target: Id of the artifact that it leads to.
        in_cycle: Whether it is part of a cycle.
    """

    start: tuple[int, int]
    end: tuple[int, int]
    passes: bool
    target: str
    in_cycle: bool


class Arrow(NamedTuple):
    """The end of a line at a box.

    Attributes:
        tip: Where it touches the upper or lower side of the box.
        target: Id of the artifact.
        in_cycle: Whether it is part of a cycle.
        points_up: Whether it touches the lower side.
    """

    tip: tuple[int, int]
    target: str
    in_cycle: bool
    points_up: bool


class Layout(NamedTuple):
    """Positions in pixels; the upper left corner is (0, 0).

    Attributes:
        width: The width of the drawing.
        height: The height of the drawing.
        boxes: The upper left corner of each artifact's box.
        lines: The lines between them.
        arrows: The ends of the lines.
    """

    width: int
    height: int
    boxes: dict[str, tuple[int, int]]
    lines: list[Line]
    arrows: list[Arrow]


def lay_out(graph: Graph, box_width: int) -> Layout:
    """Arrange a graph in rows, dependencies below what depends on them.

    A layered layout (Sugiyama): rows of a limited width, few crossings, straight lines. The same graph always has the
    same layout. An artifact that depends on itself has no line; it is up to the picture to show that.

    Raises:
        InstallHubError: PackageTooLarge, if there would be more than :data:`MAX_LINES`.
    """
    index = {node.id: number for number, node in enumerate(graph.nodes)}
    links = [(index[edge.source], index[edge.target]) for edge in graph.edges if edge.source != edge.target]
    in_cycles = frozenset((index[edge.source], index[edge.target]) for edge in graph.edges if edge.in_cycle)
    roots = [index[node.id] for node in graph.nodes if node.is_root]
    down, up = downward(len(graph.nodes), links, roots)
    all_down = [*down, *((target, source) for source, target in up)]
    layers = assign_layers(len(graph.nodes), all_down, max(_MIN_ROW_WIDTH, ceil(sqrt(len(graph.nodes) / _ROW_DIVISOR))))
    if count_segments(layers, links) > MAX_LINES:
        raise InstallHubError.of(
            ErrorCode.PACKAGE_TOO_LARGE, "The graph has too many dependencies for an SVG. Request another format."
        )
    routes = route(layers, down, up, in_cycles)

    above, below = routes.neighbours()
    rows = order_rows(routes.rows(), above, below)
    centers = place_rows(
        rows, above, below, lambda left, right: _distance(routes, box_width, left, right), first_bend=routes.size
    )
    half_widths = [box_width / 2 if place < routes.size else 0 for place in range(len(centers))]
    leftmost = min(map(sub, centers, half_widths), default=0)
    x = [round(center - leftmost) for center in centers]
    tops = _tops(routes, len(rows))
    return Layout(
        width=ceil(max(map(add, x, half_widths), default=0)),
        height=tops[-1] + BOX_HEIGHT if tops else 0,
        boxes={node.id: (x[place] - box_width // 2, tops[layers[place]]) for place, node in enumerate(graph.nodes)},
        lines=_lines(graph, routes, x, tops, box_width // 4),
        arrows=_arrows(graph, routes, x, tops, box_width // 4),
    )


def _distance(routes: Routes, box_width: int, left: int, right: int) -> float:
    boxes = (left < routes.size) + (right < routes.size)
    return (_BETWEEN_LINES, box_width / 2 + _BESIDE_BOX, box_width + _BETWEEN_BOXES)[boxes]


def _tops(routes: Routes, count: int) -> list[int]:
    """The top of each row. The more lines between two rows, the further they are apart."""
    crossing = [0] * count
    for segment in routes.segments:
        crossing[routes.layers[segment.upper]] += 1
    tops: list[int] = []
    top = 0
    for lines in crossing:
        tops.append(top)
        top += BOX_HEIGHT + min(_MAX_GAP, _MIN_GAP + lines // 2)
    return tops


def _lines(graph: Graph, routes: Routes, x: list[int], tops: list[int], shift: int) -> list[Line]:
    """The lines. At boxes, those that point up are shifted, so that they do not meet those that point down."""
    passed: set[tuple[int, bool]] = set()  # bends whose way through their row is drawn already
    lines = []
    for segment in routes.segments:
        place = (segment.lower, segment.in_cycle)
        passes = segment.lower >= routes.size and place not in passed
        passed.add(place)
        start_x, end_x = (
            x[end] + (shift if segment.points_up and end < routes.size else 0) for end in (segment.upper, segment.lower)
        )
        lines.append(
            Line(
                (start_x, tops[routes.layers[segment.upper]] + BOX_HEIGHT),
                (end_x, tops[routes.layers[segment.lower]]),
                passes,
                graph.nodes[segment.target].id,
                segment.in_cycle,
            )
        )
    return lines


def _arrows(graph: Graph, routes: Routes, x: list[int], tops: list[int], shift: int) -> list[Arrow]:
    ends: dict[tuple[int, bool], bool] = {}
    for segment in routes.segments:
        if segment.target == (segment.upper if segment.points_up else segment.lower):
            end = (segment.target, segment.points_up)
            ends[end] = ends.get(end, False) or segment.in_cycle
    return [
        Arrow(
            (x[target] + shift, tops[routes.layers[target]] + BOX_HEIGHT)
            if points_up
            else (x[target], tops[routes.layers[target]]),
            graph.nodes[target].id,
            in_cycle,
            points_up,
        )
        for (target, points_up), in_cycle in ends.items()
    ]
