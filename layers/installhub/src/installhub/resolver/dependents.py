"""Finds the artifacts that depend on an artifact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from installhub.model.artifact import ArtifactNode


@dataclass(frozen=True, slots=True)
class Dependent:
    """An artifact that depends on another one.

    Attributes:
        node: The dependent.
        path: Ids from the dependent to the artifact it depends on, both included; one of the shortest such paths.
    """

    node: ArtifactNode
    path: tuple[str, ...]


def direct_dependents(nodes: Iterable[ArtifactNode], artifact_id: str) -> Iterator[ArtifactNode]:
    """Yield the artifacts among ``nodes`` that declare a dependency on ``artifact_id``."""
    return (node for node in nodes if artifact_id in node.dependencies)


def find_dependents(nodes: Iterable[ArtifactNode], artifact_id: str, *, transitive: bool) -> Iterator[Dependent]:
    """Yield the artifacts among ``nodes`` that depend on ``artifact_id``, the nearest first, then by id.

    The paths of a long chain are together much longer than the chain, so they are built one by one.
    The artifact itself is not among them, although it depends on itself if it is part of a cycle.

    Args:
        nodes: All artifacts of the tenant.
        artifact_id: The artifact they depend on.
        transitive: Include those that depend on it through other artifacts.
    """
    dependents: dict[str, list[ArtifactNode]] = defaultdict(list)
    for node in nodes:
        for dependency in dict.fromkeys(node.dependencies):
            dependents[dependency].append(node)
    next_on_path: dict[str, str | None] = {artifact_id: None}
    level = [artifact_id]
    while level:
        found = {
            node.id: (node, reached)
            for reached in reversed(level)  # of several paths of the same length, the one through the smallest id stays
            for node in dependents[reached]
            if node.id not in next_on_path
        }
        level = sorted(found)
        for dependent_id in level:
            node, next_on_path[dependent_id] = found[dependent_id]
            yield Dependent(node, tuple(_walk(next_on_path, dependent_id)))
        if not transitive:
            return


def _walk(next_on_path: Mapping[str, str | None], start: str) -> Iterator[str]:
    reached: str | None = start
    while reached is not None:
        yield reached
        reached = next_on_path[reached]
