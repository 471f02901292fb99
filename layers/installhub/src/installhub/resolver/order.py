"""The install order: a topological order that depends only on the set of artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heapify, heappop, heappush

from installhub.model.artifact import INSTALL_RANK, ArtifactNode
from installhub.runtime.gc import gc_paused


class _Step:
    """An artifact with the number of its dependencies that are not ordered yet, and the artifacts that depend on it."""

    __slots__ = ("dependents", "node", "unmet")

    def __init__(self, node: ArtifactNode) -> None:
        self.node = node
        self.unmet = 0
        self.dependents: list[_Step] = []

    @property
    def key(self) -> tuple[int, str]:
        """Of the artifacts without unmet dependencies, the one with the smallest key is installed first."""
        return INSTALL_RANK[self.node.type], self.node.id


@gc_paused()
def install_order(nodes: Mapping[str, ArtifactNode]) -> list[str]:
    """Sort the ids of ``nodes`` topologically, dependencies first; ties are broken by type and then by id.

    Kahn's algorithm with a heap. Dependencies outside ``nodes`` are ignored. Artifacts that are part of a cycle, or
    depend on one, are omitted, so the result is then shorter than ``nodes``.
    """
    steps = {artifact_id: _Step(node) for artifact_id, node in nodes.items()}
    for step in steps.values():
        for dependency in step.node.dependencies:  # a duplicate is counted twice and subtracted twice
            found = steps.get(dependency)
            if found is not None:
                found.dependents.append(step)
                step.unmet += 1

    ready = [step.key for step in steps.values() if not step.unmet]
    heapify(ready)
    order: list[str] = []
    while ready:
        _, artifact_id = heappop(ready)
        order.append(artifact_id)
        for step in steps[artifact_id].dependents:
            step.unmet -= 1
            if not step.unmet:
                heappush(ready, step.key)
    return order
