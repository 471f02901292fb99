"""Dependents: compared with an oracle that tries every path."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from installhub.model.artifact import ArtifactNode
from installhub.resolver.dependents import direct_dependents, find_dependents
from tests.builders import node, nodes
from tests.strategies import graphs


def paths_of(graph: Mapping[str, ArtifactNode], target: str, *, transitive: bool) -> dict[str, tuple[str, ...]]:
    """The expected path of every dependent: the shortest, and of those the smallest; found by trying all of them."""
    walks: list[tuple[str, ...]] = [(target,)]
    expected: dict[str, tuple[str, ...]] = {}
    for _ in range(len(graph) if transitive else 1):
        walks = [
            (candidate.id, *walk)
            for walk in walks
            for candidate in graph.values()
            if walk[0] in candidate.dependencies and candidate.id not in walk
        ]
        walks = list({walk[0]: walk for walk in sorted(walks, reverse=True) if walk[0] not in expected}.values())
        expected |= {walk[0]: walk for walk in walks}
    return expected


@given(graphs(), st.booleans(), st.randoms(use_true_random=False))
def test_dependents_and_their_paths_are_those_of_the_oracle(
    graph: dict[str, ArtifactNode],
    transitive: bool,  # noqa: FBT001  # drawn
    random: Random,
) -> None:
    target = min(graph)
    shuffled = list(graph.values())
    random.shuffle(shuffled)

    found = list(find_dependents(shuffled, target, transitive=transitive))

    expected = paths_of(graph, target, transitive=transitive)
    assert {dependent.node.id: dependent.path for dependent in found} == expected
    assert [dependent.node.id for dependent in found] == sorted(expected, key=lambda name: (len(expected[name]), name))
    assert all(dependent.node is graph[dependent.node.id] for dependent in found)


def found(edges: Mapping[str, str], target: str, *, transitive: bool = True) -> list[str]:
    graph = nodes(edges).values()
    return ["".join(dependent.path) for dependent in find_dependents(graph, target, transitive=transitive)]


def test_the_nearest_come_first_then_by_id() -> None:
    assert found({"a": "", "z": "a", "b": "a", "c": "z", "y": "b"}, "a") == ["ba", "za", "cza", "yba"]


def test_of_several_shortest_paths_the_one_through_the_smallest_id_is_given() -> None:
    assert found({"a": "", "c": "a", "b": "a", "d": "cb"}, "a") == ["ba", "ca", "dba"]


def test_only_those_that_declare_it_are_direct_dependents() -> None:
    assert found({"a": "", "b": "a", "c": "b"}, "a", transitive=False) == ["ba"]


def test_a_cycle_ends_and_the_artifact_is_not_its_own_dependent() -> None:
    assert found({"a": "ac", "b": "a", "c": "bb"}, "a") == ["ba", "cba"]


def test_a_missing_artifact_may_have_dependents() -> None:
    assert found({"b": "a"}, "a") == ["ba"]


def test_direct_dependents_include_the_artifact_itself() -> None:
    graph = nodes({"a": "a", "b": "a", "c": "b"})

    assert [dependent.id for dependent in direct_dependents(graph.values(), "a")] == ["a", "b"]


def test_the_nearest_of_a_long_chain_are_found_without_the_rest() -> None:
    """The paths of a chain of ``n`` have ``n * n / 2`` ids, so they cannot all be in memory."""
    chain = [node("00000"), *(node(f"{number:05}", f"{number - 1:05}") for number in range(1, 20_000))]

    nearest = list(islice(find_dependents(chain, "00000", transitive=True), 3))

    assert [dependent.path[0] for dependent in nearest] == ["00001", "00002", "00003"]
