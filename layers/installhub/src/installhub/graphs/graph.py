"""The graph that a picture shows: of a package, or of what an export would include."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType


class Node(NamedTuple):
    """An artifact in a picture.

    Attributes:
        id: Unique within the graph.
        name: Display name.
        type: The kind of artifact; None if it does not exist.
        status: Whether it can be exported; None if it does not exist.
        is_root: Whether it was requested, and not only found as a dependency.
        in_cycle: Whether it is part of a cycle.
    """

    id: str
    name: str
    type: ArtifactType | None
    status: ArtifactStatus | None = ArtifactStatus.PUBLISHED
    is_root: bool = False
    in_cycle: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether something depends on it, but it does not exist."""
        return self.status is None

    @property
    def is_unpublished(self) -> bool:
        """Whether it exists, but cannot be exported."""
        return self.status not in (None, ArtifactStatus.PUBLISHED)


class Edge(NamedTuple):
    """A dependency.

    Attributes:
        source: Id of the artifact that depends on the other one.
        target: Id of the artifact it depends on.
        in_cycle: Whether it is part of a cycle.
    """

    source: str
    target: str
    in_cycle: bool = False


class Graph(NamedTuple):
    """Nodes and edges.

    Attributes:
        title: What the picture shows.
        nodes: In the order of the listing; all ends of the edges are among them.
        edges: Without duplicates.
    """

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph_of_manifest(manifest: Mapping[str, Any]) -> Graph:
    """The graph of a package, in install order."""
    roots = frozenset(manifest["rootArtifacts"])
    artifacts = manifest["artifacts"]
    nodes = [
        Node(artifact["id"], artifact["name"], ArtifactType(artifact["type"]), is_root=artifact["id"] in roots)
        for artifact in artifacts
    ]
    return Graph(
        f"{manifest['name']} {manifest['version']}",
        tuple(nodes),
        tuple(
            Edge(artifact["id"], dependency)
            for artifact in artifacts
            for dependency in dict.fromkeys(artifact["dependencies"])
        ),
    )


def graph_of_artifacts(
    title: str,
    artifacts: Mapping[str, ArtifactNode],
    roots: Iterable[str],
    missing: Iterable[str],
    cycles: Iterable[tuple[str, ...]],
) -> Graph:
    """The graph of artifacts that may not be complete.

    Args:
        title: What the picture shows.
        artifacts: The existing artifacts by id.
        roots: Requested ids.
        missing: Ids of dependencies that do not exist.
        cycles: Closed paths of ids; the first and the last of each are the same.
    """
    root_ids = frozenset(roots)
    edges_in_cycles = {edge for cycle in cycles for edge in pairwise(cycle)}
    ids_in_cycles = {artifact_id for edge in edges_in_cycles for artifact_id in edge}
    nodes = [
        Node(node.id, node.name, node.type, node.status, node.id in root_ids, node.id in ids_in_cycles)
        for node in artifacts.values()
    ]
    nodes += [Node(artifact_id, artifact_id, None, None, artifact_id in root_ids) for artifact_id in missing]
    known = {node.id for node in nodes}
    return Graph(
        title,
        tuple(nodes),
        tuple(
            Edge(node.id, dependency, (node.id, dependency) in edges_in_cycles)
            for node in artifacts.values()
            for dependency in dict.fromkeys(node.dependencies)
            if dependency in known  # not if discovery stopped at the limit of artifacts
        ),
    )
