"""Install order: a topological order that depends only on the set of artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heapify, heappop, heappush

from installhub.model.artifact import INSTALL_RANK, ArtifactNode
from installhub.runtime.gc import gc_paused


class _Step:
    """An artifact to be ordered: how many of its dependencies are missing, and which artifacts wait for it."""

    __slots__ = ("dependents", "node", "waiting")

    def __init__(self, node: ArtifactNode) -> None:
        self.node = node
        self.waiting = 0
        self.dependents: list[_Step] = []

    @property
    def key(self) -> tuple[int, str]:
        """Of the artifacts that are ready, the one with the smallest key is installed first."""
        return INSTALL_RANK[self.node.type], self.node.id


@gc_paused()
def install_order(nodes: Mapping[str, ArtifactNode]) -> list[str]:
    """Order ``nodes`` so that dependencies come first; of those ready, by type and then by id.

    Kahn's algorithm with a heap. Dependencies outside ``nodes`` are ignored. Artifacts in a cycle, and those that
    depend on one, cannot be ordered and are omitted: the result is then shorter than ``nodes``.
    """
    steps = {artifact_id: _Step(node) for artifact_id, node in nodes.items()}
    for step in steps.values():
        for dependency in step.node.dependencies:  # a duplicate is counted twice, both here and below
            found = steps.get(dependency)
            if found is not None:
                found.dependents.append(step)
                step.waiting += 1

    ready = [step.key for step in steps.values() if not step.waiting]
    heapify(ready)
    order: list[str] = []
    while ready:
        _, artifact_id = heappop(ready)
        order.append(artifact_id)
        for step in steps[artifact_id].dependents:
            step.waiting -= 1
            if not step.waiting:
                heappush(ready, step.key)
    return order
