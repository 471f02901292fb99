"""Graphs of packages and previews."""

from __future__ import annotations

from installhub.bundler.manifest import build_manifest
from installhub.graphs.graph import Edge, Node, graph_of_artifacts, graph_of_manifest
from installhub.model.artifact import ArtifactStatus, ArtifactType, PackageType
from installhub.model.package import PackageDescription
from tests.builders import node, nodes

PACKAGE = PackageDescription("pkg-1", "Onboarding", "2.1.0", PackageType.CONFIG, None, None, ())


def test_the_graph_of_a_package_has_its_artifacts_in_install_order_and_its_roots_marked() -> None:
    ordered = [node("base", kind=ArtifactType.ENTITY_SCHEMA), node("rules", "base", "base")]

    graph = graph_of_manifest(build_manifest(PACKAGE, ["rules"], ordered))

    assert graph.title == "Onboarding 2.1.0"
    assert graph.nodes == (
        Node("base", "Name of base", ArtifactType.ENTITY_SCHEMA),
        Node("rules", "Name of rules", ArtifactType.CONFIGURATION, is_root=True),
    )
    assert graph.edges == (Edge("rules", "base"),)


def test_a_preview_shows_what_is_missing_unpublished_or_in_a_cycle() -> None:
    artifacts = {
        **nodes({"a": "b", "b": ("a", "c")}),
        "c": node("c", "lost", status=ArtifactStatus.DRAFT),
    }

    graph = graph_of_artifacts("Preview", artifacts, ["a"], ["lost"], [("a", "b", "a")])

    found = {found.id: found for found in graph.nodes}
    assert [found[name].in_cycle for name in "abc"] == [True, True, False]
    assert [found[name].is_unpublished for name in "abc"] == [False, False, True]
    assert found["lost"] == Node("lost", "lost", None, None)
    assert found["lost"].is_missing
    assert not found["lost"].is_unpublished
    assert {(edge.source, edge.target) for edge in graph.edges if edge.in_cycle} == {("a", "b"), ("b", "a")}
    assert Edge("c", "lost") in graph.edges


def test_dependencies_beyond_the_limit_of_artifacts_are_not_drawn() -> None:
    graph = graph_of_artifacts("Preview", nodes({"a": ("b", "unread"), "b": ()}), ["a"], [], [])

    assert graph.edges == (Edge("a", "b"),)
