"""Cycle detection, compared with networkx: every reported cycle exists, and every cyclic edge is reported."""

from __future__ import annotations

import random
from itertools import pairwise

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from installhub.model.artifact import ArtifactNode
from installhub.resolver.cycles import MAX_CYCLES, find_cycles
from tests.builders import node, nodes
from tests.strategies import graphs


def directed(graph: dict[str, ArtifactNode]) -> nx.DiGraph[str]:
    result: nx.DiGraph[str] = nx.DiGraph()
    result.add_nodes_from(graph)
    result.add_edges_from((tail, head) for tail, artifact in graph.items() for head in artifact.dependencies)
    return result


def edges_on_cycles(graph: dict[str, ArtifactNode]) -> set[tuple[str, str]]:
    component_of = {
        name: number
        for number, component in enumerate(nx.strongly_connected_components(directed(graph)))
        for name in component
    }
    return {(tail, head) for tail, head in directed(graph).edges if component_of[tail] == component_of[head]}


@given(graphs())
def test_each_cycle_is_an_elementary_closed_path_from_its_smallest_id(graph: dict[str, ArtifactNode]) -> None:
    for cycle in find_cycles(graph, graph):
        body = cycle[:-1]
        assert cycle[0] == cycle[-1] == min(body)
        assert len(set(body)) == len(body)
        assert all(head in graph[tail].dependencies for tail, head in pairwise(cycle))


@given(graphs())
def test_no_cycle_is_reported_twice(graph: dict[str, ArtifactNode]) -> None:
    cycles = find_cycles(graph, graph)

    assert len(set(cycles)) == len(cycles)


@given(graphs())
def test_every_edge_on_a_cycle_is_reported_up_to_the_maximum(graph: dict[str, ArtifactNode]) -> None:
    cycles = find_cycles(graph, graph)

    reported = {edge for cycle in cycles for edge in pairwise(cycle)}
    assert reported <= edges_on_cycles(graph)
    assert reported == edges_on_cycles(graph) or len(cycles) == MAX_CYCLES


@given(graphs())
def test_each_cycle_is_a_shortest_one_through_one_of_its_edges(graph: dict[str, ArtifactNode]) -> None:
    oracle = directed(graph)

    for cycle in find_cycles(graph, graph):
        return_lengths = [nx.shortest_path_length(oracle, head, tail) for tail, head in pairwise(cycle)]
        assert len(cycle) - 1 == 1 + max(return_lengths)


@given(graphs())
def test_there_is_no_cycle_exactly_when_the_graph_is_acyclic(graph: dict[str, ArtifactNode]) -> None:
    assert bool(find_cycles(graph, graph)) is not nx.is_directed_acyclic_graph(directed(graph))


@given(graphs(), st.randoms(use_true_random=False))
def test_the_order_of_the_graph_makes_no_difference(graph: dict[str, ArtifactNode], rng: random.Random) -> None:
    shuffled = {
        name: node(name, *rng.sample(graph[name].dependencies, len(graph[name].dependencies)))
        for name in rng.sample(sorted(graph), len(graph))
    }

    assert find_cycles(shuffled, shuffled) == find_cycles(graph, graph)


@given(graphs(), st.data())
def test_ids_outside_cycles_may_be_left_out_of_the_search(graph: dict[str, ArtifactNode], data: st.DataObject) -> None:
    on_cycles = {tail for tail, _ in edges_on_cycles(graph)}
    others = data.draw(st.sets(st.sampled_from(sorted(graph))))

    assert find_cycles(graph, on_cycles | others) == find_cycles(graph, graph)


def test_a_self_reference_is_a_cycle_of_one() -> None:
    assert find_cycles(nodes({"a": "ab", "b": ""}), "ab") == [("a", "a")]


def test_two_cycles_through_one_artifact_are_both_reported() -> None:
    graph = nodes({"m": "az", "a": "m", "z": "m"})

    assert find_cycles(graph, graph) == [("a", "m", "a"), ("m", "z", "m")]


def test_a_short_cycle_inside_a_long_one_does_not_hide_it() -> None:
    graph = nodes({"a": "b", "b": "ca", "c": "a"})

    assert find_cycles(graph, graph) == [("a", "b", "a"), ("a", "b", "c", "a")]


def test_separate_cycles_are_each_reported_those_with_the_smallest_ids_first() -> None:
    graph = nodes({"a": "f", "f": "ag", "g": "f", "e": "e", "d": "c", "c": "db", "b": "b"})

    assert find_cycles(graph, graph) == [
        ("a", "f", "a"),
        ("f", "g", "f"),
        ("b", "b"),
        ("c", "d", "c"),
        ("e", "e"),
    ]


def test_a_dense_graph_yields_the_maximum_number_of_cycles() -> None:
    names = [f"n{number:02}" for number in range(20)]

    cycles = find_cycles({name: node(name, *names) for name in names}, names)

    assert len(cycles) == len(set(cycles)) == MAX_CYCLES == 100


def test_a_large_component_hides_no_other_component() -> None:
    ring = [f"n{number:04}" for number in range(6_000)]
    graph = {
        name: node(name, ring[(index + 1) % len(ring)], ring[(index + 2) % len(ring)])
        for index, name in enumerate(ring)
    }
    graph |= nodes({"y": "z", "z": "y"})

    cycles = find_cycles(graph, graph)

    assert ("y", "z", "y") in cycles
    assert any(cycle[0] == ring[0] for cycle in cycles)


def test_a_cycle_of_ten_thousand_is_found_without_recursion() -> None:
    names = [f"n{number:05}" for number in range(10_000)]
    graph = {name: node(name, following) for name, following in pairwise([*names, names[0]])}

    assert find_cycles(graph, names) == [(*names, names[0])]
