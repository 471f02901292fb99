"""Install order: a topological order that depends on the set of artifacts alone."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heapify, heappop, heappush

from installhub.artifacts import INSTALL_RANK, ArtifactNode


def install_order(nodes: Mapping[str, ArtifactNode]) -> list[str]:
    """Order ``nodes`` so that dependencies come first; of those ready, by type and then by id.

    Kahn's algorithm with a heap. Dependencies outside of ``nodes`` do not count. Artifacts on a cycle, and those that
    depend on one, cannot be ordered and are left out: the result is then shorter than ``nodes``.
    """
    ranked = sorted(nodes, key=lambda artifact_id: (INSTALL_RANK[nodes[artifact_id].type], artifact_id))
    position = {artifact_id: index for index, artifact_id in enumerate(ranked)}
    dependents: list[list[int]] = [[] for _ in ranked]
    waiting = [0] * len(ranked)
    for index, artifact_id in enumerate(ranked):
        for dependency in set(nodes[artifact_id].dependencies):
            dependency_index = position.get(dependency)
            if dependency_index is not None:
                dependents[dependency_index].append(index)
                waiting[index] += 1

    ready = [index for index, count in enumerate(waiting) if not count]
    heapify(ready)
    order: list[str] = []
    while ready:
        index = heappop(ready)
        order.append(ranked[index])
        for dependent in dependents[index]:
            waiting[dependent] -= 1
            if not waiting[dependent]:
                heappush(ready, dependent)
    return order
