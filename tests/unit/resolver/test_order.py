"""The install order, compared with an independent implementation in networkx."""

from __future__ import annotations

import random

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.model.artifact import ArtifactNode, ArtifactType
from installhub.resolver.order import install_order
from tests.builders import node
from tests.strategies import graphs

# Copied from CONTRACT section 4, not from the code.
CONTRACT_ORDER = [
    "EntitySchema",
    "Configuration",
    "RuleSet",
    "AtlasForm",
    "ThreadDefinition",
    "ProcessDefinition",
    "AgentDefinition",
    "AppDefinition",
]


def oracle(graph: dict[str, ArtifactNode]) -> nx.DiGraph[str]:
    """Return the graph with edges from dependencies to dependents."""
    result: nx.DiGraph[str] = nx.DiGraph()
    result.add_nodes_from(graph)
    result.add_edges_from((head, tail) for tail, item in graph.items() for head in item.dependencies if head in graph)
    return result


def rank(artifact: ArtifactNode) -> tuple[int, str]:
    return CONTRACT_ORDER.index(artifact.type.value), artifact.id


@given(graphs(acyclic=True, max_size=16))
def test_order_is_the_smallest_topological_one_by_type_then_id(graph: dict[str, ArtifactNode]) -> None:
    expected = list(nx.lexicographical_topological_sort(oracle(graph), key=lambda name: rank(graph[name])))

    assert install_order(graph) == expected


@given(graphs(acyclic=True))
def test_dependencies_come_first(graph: dict[str, ArtifactNode]) -> None:
    order = install_order(graph)

    assert sorted(order) == sorted(graph)
    for name, artifact in graph.items():
        assert all(order.index(dependency) < order.index(name) for dependency in artifact.dependencies)


@given(graphs(), st.randoms(use_true_random=False))
def test_order_depends_on_the_set_of_artifacts_alone(graph: dict[str, ArtifactNode], rng: random.Random) -> None:
    shuffled = {}
    for name in rng.sample(sorted(graph), len(graph)):
        artifact = graph[name]
        dependencies = rng.sample(artifact.dependencies, len(artifact.dependencies))
        shuffled[name] = node(name, *dependencies, kind=artifact.type)

    assert install_order(shuffled) == install_order(graph)


@given(graphs())
def test_artifacts_in_a_cycle_or_depending_on_one_are_omitted(graph: dict[str, ArtifactNode]) -> None:
    directed = oracle(graph)
    on_cycles = {
        name for component in nx.strongly_connected_components(directed) if len(component) > 1 for name in component
    }
    on_cycles.update(nx.nodes_with_selfloops(directed))
    blocked = on_cycles.union(*(nx.descendants(directed, name) for name in on_cycles))

    assert set(install_order(graph)) == set(graph) - blocked


@given(st.permutations(list(ArtifactType)))
def test_independent_artifacts_are_ordered_by_type(kinds: list[ArtifactType]) -> None:
    graph = {f"n{index}": node(f"n{index}", kind=kind) for index, kind in enumerate(kinds)}

    assert [graph[name].type.value for name in install_order(graph)] == CONTRACT_ORDER


def test_artifacts_of_one_type_are_ordered_by_the_code_points_of_their_ids() -> None:
    names = ["b", "B", "é", "a10", "a9", "z", "\U0001f600", "\uffee"]

    assert install_order({name: node(name) for name in names}) == [
        "B",
        "a10",
        "a9",
        "b",
        "z",
        "é",
        "\uffee",
        "\U0001f600",
    ]


def test_a_dependency_outside_of_the_artifacts_blocks_nothing() -> None:
    assert install_order({"a": node("a", "gone")}) == ["a"]


@pytest.mark.parametrize("depth", [10_000])
def test_a_deep_chain_is_ordered_without_recursion(depth: int) -> None:
    names = [f"n{number:05}" for number in range(depth)]
    graph = {name: node(name, *names[index + 1 : index + 2]) for index, name in enumerate(names)}

    assert install_order(graph) == names[::-1]
