"""Discovery of dependencies: the closure, its order and the number of lookups."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.model.artifact import ArtifactNode
from installhub.resolver.closure import discover
from tests.builders import FakeCatalog, nodes
from tests.strategies import graphs

NO_LIMIT = 1_000_000


def walk(graph: Mapping[str, ArtifactNode], roots: Sequence[str]) -> list[tuple[str, str]]:
    """Return pairs of artifact and parent in the order of a breadth-first search."""
    visited = set(roots)
    queue = deque(dict.fromkeys(roots))
    reached = []
    while queue:
        current = queue.popleft()
        for dependency in graph[current].dependencies if current in graph else ():
            if dependency not in visited:
                visited.add(dependency)
                reached.append((dependency, current))
                queue.append(dependency)
    return reached


@given(graphs(), st.data())
def test_closure_is_the_roots_and_their_descendants(graph: dict[str, ArtifactNode], data: st.DataObject) -> None:
    roots = data.draw(st.lists(st.sampled_from(sorted(graph)), min_size=1, max_size=4))
    oracle: nx.DiGraph[str] = nx.DiGraph(
        (tail, head) for tail, artifact in graph.items() for head in artifact.dependencies
    )
    oracle.add_nodes_from(graph)

    closure = discover(FakeCatalog(graph.values()), roots, NO_LIMIT)

    assert set(closure.nodes) == set(roots).union(*(nx.descendants(oracle, root) for root in roots))
    assert closure.complete
    assert closure.missing == ()


@given(graphs(), st.data())
def test_dependencies_are_in_breadth_first_order_with_the_parent_that_first_reached_them(
    graph: dict[str, ArtifactNode], data: st.DataObject
) -> None:
    roots = data.draw(st.lists(st.sampled_from([*graph, "gone"]), min_size=1, max_size=4))
    stored = {name: artifact for name, artifact in graph.items() if data.draw(st.integers(0, 5)) or name in roots}

    closure = discover(FakeCatalog(stored.values()), roots, NO_LIMIT)

    expected = walk(stored, roots)
    assert list(closure.resolved_from.items()) == expected
    assert [artifact.id for artifact in closure.dependency_nodes] == [name for name, _ in expected if name in stored]
    assert list(closure.missing) == [
        name for name in [*dict.fromkeys(roots), *(reached for reached, _ in expected)] if name not in stored
    ]


@given(graphs(), st.data())
def test_every_dependent_of_the_closure_is_known_once_in_breadth_first_order(
    graph: dict[str, ArtifactNode], data: st.DataObject
) -> None:
    roots = data.draw(st.lists(st.sampled_from(sorted(graph)), min_size=1, max_size=4))

    closure = discover(FakeCatalog(graph.values()), roots, NO_LIMIT)

    for name in closure.nodes:
        dependents = [parent for parent, artifact in closure.nodes.items() if name in artifact.dependencies]
        assert list(closure.dependents.get(name, ())) == dependents


@given(graphs(), st.data())
def test_artifacts_are_looked_up_once_with_one_lookup_per_level(
    graph: dict[str, ArtifactNode], data: st.DataObject
) -> None:
    roots = data.draw(st.lists(st.sampled_from(sorted(graph)), min_size=1, max_size=4))
    oracle: nx.DiGraph[str] = nx.DiGraph(
        (tail, head) for tail, artifact in graph.items() for head in artifact.dependencies
    )
    oracle.add_nodes_from(graph)
    catalog = FakeCatalog(graph.values())

    discover(catalog, roots, NO_LIMIT)

    levels = [sorted(level) for level in nx.bfs_layers(oracle, set(roots))]
    assert [sorted(lookup) for lookup in catalog.lookups] == levels


def test_duplicate_roots_are_removed_and_the_order_is_kept() -> None:
    closure = discover(FakeCatalog(nodes({"b": "", "a": ""}).values()), ["b", "a", "b", "a"], NO_LIMIT)

    assert closure.roots == ("b", "a")
    assert [root.id for root in closure.root_nodes] == ["b", "a"]


def test_a_root_that_is_also_a_dependency_is_not_a_resolved_dependency() -> None:
    closure = discover(FakeCatalog(nodes({"a": "bc", "b": "c", "c": "a"}).values()), ["a", "b"], NO_LIMIT)

    assert dict(closure.resolved_from) == {"c": "a"}
    assert list(closure.dependents["b"]) == ["a"]


def test_parent_of_the_nearer_level_wins_over_one_declared_earlier_but_deeper() -> None:
    graph = nodes({"r": "ab", "a": "x", "x": "z", "b": "z", "z": ""})

    closure = discover(FakeCatalog(graph.values()), ["r"], NO_LIMIT)

    assert list(closure.resolved_from.items()) == [("a", "r"), ("b", "r"), ("x", "a"), ("z", "b")]


def test_an_artifact_that_names_itself_or_a_dependency_twice_is_read_once() -> None:
    catalog = FakeCatalog(nodes({"a": "abb", "b": ""}).values())

    closure = discover(catalog, ["a"], NO_LIMIT)

    assert catalog.lookups == [["a"], ["b"]]
    assert {name: list(by) for name, by in closure.dependents.items()} == {"a": ["a"], "b": ["a"]}


@pytest.mark.parametrize(("limit", "complete"), [(4, True), (3, False), (1, False)])
def test_walk_ends_once_more_than_the_limit_is_reached(limit: int, complete: bool) -> None:  # noqa: FBT001
    catalog = FakeCatalog(nodes({"a": "b", "b": "c", "c": "d", "d": ""}).values())

    closure = discover(catalog, ["a"], limit)

    assert closure.complete is complete
    assert len(catalog.lookups) == min(limit, 4)


def test_a_hostile_fan_out_costs_no_more_reads_than_the_limit() -> None:
    catalog = FakeCatalog(nodes({"a": (f"b{number}" for number in range(10_000))}).values())

    closure = discover(catalog, ["a"], 100)

    assert catalog.lookups == [["a"]]
    assert not closure.complete
