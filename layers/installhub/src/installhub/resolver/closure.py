"""Discovery of the closure: a breadth-first search of the dependency graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from installhub.model.artifact import ArtifactNode


class Catalog(Protocol):
    """The port through which the resolver reads a tenant's artifacts."""

    def nodes(self, ids: Collection[str]) -> Mapping[str, ArtifactNode]:
        """The artifacts among ``ids`` that exist in the tenant, by id."""

    def existing_in_other_tenants(self, ids: Collection[str]) -> Collection[str]:
        """The ids among ``ids`` that exist in another tenant."""


@dataclass(frozen=True, slots=True)
class Closure:
    """Everything reachable from the roots.

    Attributes:
        roots: Requested ids without duplicates, in the order of the request.
        nodes: The existing artifacts by id, in breadth-first order, so roots come first.
        resolved_from: For each id other than the roots, the artifact through which it was reached first.
        dependents: For each dependency, existing or not, the ids of all artifacts that depend on it, in breadth-first
            order.
        missing: Ids that do not exist in the tenant, in breadth-first order.
        complete: False if discovery stopped because the closure exceeded the limit.
    """

    roots: tuple[str, ...]
    nodes: Mapping[str, ArtifactNode]
    resolved_from: Mapping[str, str]
    dependents: Mapping[str, Sequence[str]]
    missing: tuple[str, ...]
    complete: bool

    @property
    def root_nodes(self) -> list[ArtifactNode]:
        """The roots that exist, in the order of the request."""
        return [self.nodes[root] for root in self.roots if root in self.nodes]

    @property
    def dependency_nodes(self) -> list[ArtifactNode]:
        """The artifacts that are not roots, in breadth-first order."""
        return [self.nodes[reached] for reached in self.resolved_from if reached in self.nodes]


def discover(catalog: Catalog, roots: Iterable[str], max_artifacts: int) -> Closure:
    """Find all direct and transitive dependencies of ``roots``, one level of the graph at a time.

    Dependencies are visited in declared order. Discovery stops once more than ``max_artifacts`` ids have been reached,
    which limits the cost of a hostile graph.
    """
    distinct_roots = tuple(dict.fromkeys(roots))
    nodes: dict[str, ArtifactNode] = {}
    resolved_from: dict[str, str] = {}
    dependents: dict[str, list[str]] = {}
    missing: list[str] = []
    reached = set(distinct_roots)
    level: Sequence[str] = distinct_roots
    while level and len(reached) <= max_artifacts:
        found = catalog.nodes(level)
        next_level: list[str] = []
        for artifact_id in level:
            node = found.get(artifact_id)
            if node is None:
                missing.append(artifact_id)
                continue
            nodes[artifact_id] = node
            for dependency in dict.fromkeys(node.dependencies):
                dependents.setdefault(dependency, []).append(artifact_id)
                if dependency not in reached:
                    reached.add(dependency)
                    resolved_from[dependency] = artifact_id
                    next_level.append(dependency)
        level = next_level
    return Closure(
        roots=distinct_roots,
        nodes=nodes,
        resolved_from=resolved_from,
        dependents=dependents,
        missing=tuple(missing),
        complete=not level,
    )
