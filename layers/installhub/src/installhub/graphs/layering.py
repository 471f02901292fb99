"""Layers: which row of the picture each artifact is in. What an artifact depends on is further down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush

Link = tuple[int, int]
"""An edge between two nodes, by their index."""


def downward(size: int, links: Iterable[Link], starts: Iterable[int]) -> tuple[list[Link], list[Link]]:
    """Divide links into those that can all point downwards, and those that close a cycle and point upwards.

    A depth-first search from ``starts``; links back to a node on the current path close a cycle.
    """
    targets: list[list[int]] = [[] for _ in range(size)]
    for source, target in links:
        targets[source].append(target)
    down: list[Link] = []
    up: list[Link] = []
    unvisited, active, done = 0, 1, 2
    state = [unvisited] * size
    for start in (*starts, *range(size)):
        if state[start] != unvisited:
            continue
        state[start] = active
        path = [(start, iter(targets[start]))]
        while path:
            source, remaining = path[-1]
            for target in remaining:
                if state[target] == active:
                    up.append((source, target))
                    continue
                down.append((source, target))
                if state[target] == unvisited:
                    state[target] = active
                    path.append((target, iter(targets[target])))
                    break
            else:
                state[source] = done
                path.pop()
    return down, up


def assign_layers(size: int, links: Sequence[Link], max_width: int) -> list[int]:
    """The layer of each node, from the top, so that every link of an acyclic graph points to a lower layer.

    List scheduling: each layer takes up to ``max_width`` nodes of which all dependents are further up, those with the
    longest path below them first, since they determine the number of layers.
    """
    targets: list[list[int]] = [[] for _ in range(size)]
    unplaced_sources = [0] * size
    for source, target in links:
        targets[source].append(target)
        unplaced_sources[target] += 1
    heights = _heights(size, targets, unplaced_sources)
    ready = [(-heights[node], node) for node in range(size) if not unplaced_sources[node]]
    heapify(ready)
    layers = [0] * size
    layer = 0
    while ready:
        placed = [heappop(ready)[1] for _ in range(min(max_width, len(ready)))]
        for node in placed:
            layers[node] = layer
            for target in targets[node]:
                unplaced_sources[target] -= 1
                if not unplaced_sources[target]:
                    heappush(ready, (-heights[target], target))
        layer += 1
    return layers


def _heights(size: int, targets: Sequence[Sequence[int]], source_counts: Sequence[int]) -> list[int]:
    """The number of links on the longest path from each node."""
    remaining = list(source_counts)
    order = [node for node in range(size) if not remaining[node]]
    for node in order:  # grows
        for target in targets[node]:
            remaining[target] -= 1
            if not remaining[target]:
                order.append(target)
    heights = [0] * size
    for node in reversed(order):
        heights[node] = max((heights[target] + 1 for target in targets[node]), default=0)
    return heights
