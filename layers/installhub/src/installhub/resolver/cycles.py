"""Cycles as paths: short, deterministic, and enough of them that every edge on a cycle is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, pairwise
from typing import Final

from installhub.model.artifact import ArtifactNode
from installhub.runtime.gc import gc_paused

MAX_CYCLES: Final = 100
"""Maximum number of reported cycles. A graph can have exponentially many; after fixing a hundred, ask again."""

_MAX_VISITS: Final = 50_000
"""Maximum number of artifacts visited to find more than one cycle per component. Each cycle needs a new search for the
shortest path, which in a component of 50,000 artifacts takes as long as ordering them."""


@gc_paused()
def find_cycles(nodes: Mapping[str, ArtifactNode], among: Iterable[str]) -> list[tuple[str, ...]]:
    """Find closed paths ``(a, b, ..., a)`` in the graph of ``nodes``.

    Every edge that is part of a cycle is part of a reported one, each of which is a shortest cycle through some edge of
    it, reported once, starting at its smallest id. Of very large or entangled graphs not all are reported: at least one
    per strongly connected component, and up to :data:`MAX_CYCLES` in total. The result depends on the graph only.

    Args:
        nodes: The artifacts by id; other dependencies are ignored.
        among: The ids that can be part of a cycle, such as those missing from a topological order.
    """
    cycles: dict[tuple[str, ...], None] = {}
    visits = visited = 0
    for component in sorted(_strongly_connected(nodes, set(among)), key=min):
        covered: set[tuple[str, str]] = set()
        edges = ((tail, head) for tail in sorted(component) for head in _heads(nodes[tail], component))
        for tail, head in edges:
            if (tail, head) in covered:
                continue
            if covered and visits + visited > _MAX_VISITS:  # assuming that the next search takes as long as the last
                break
            path, visited = _shortest_path(nodes, component, head, tail)
            visits += visited
            cycle = _rotated([tail, *path[:-1]])
            cycles[cycle] = None
            covered.update(pairwise(cycle))
            if len(cycles) == MAX_CYCLES:
                return list(cycles)
    return list(cycles)


def _rotated(path: list[str]) -> tuple[str, ...]:
    """The cycle through ``path`` and back, as a closed path that starts at its smallest id."""
    start = path.index(min(path))
    turned = path[start:] + path[:start]
    return (*turned, turned[0])


def _heads(node: ArtifactNode, component: set[str]) -> list[str]:
    """The dependencies of ``node`` within ``component``, in an order that does not depend on their declaration."""
    return sorted(component.intersection(node.dependencies))


def _shortest_path(
    nodes: Mapping[str, ArtifactNode], component: set[str], start: str, end: str
) -> tuple[list[str], int]:
    """A shortest path within ``component``, including both ends, and how many artifacts were visited to find it."""
    levels = [{start}]
    unvisited = component - {start}
    while end not in levels[-1]:
        level = unvisited.intersection(chain.from_iterable(nodes[found].dependencies for found in levels[-1]))
        unvisited -= level
        levels.append(level)
    path = [end]
    for level in reversed(levels[:-1]):
        path.append(min(found for found in level if path[-1] in nodes[found].dependencies))
    return path[::-1], len(component) - len(unvisited)


def _strongly_connected(nodes: Mapping[str, ArtifactNode], candidates: set[str]) -> list[set[str]]:
    """The strongly connected components of ``candidates`` that contain a cycle.

    Gabow's path-based algorithm (Inf. Process. Lett. 2000), without recursion: a chain may be 10,000 deep.
    """
    place: dict[str, int] = {}  # in the order of visits; larger than all of them once a component is done
    done = len(candidates)
    stack: list[str] = []
    path: list[int] = []  # places of artifacts that may be the first of their component
    components: list[set[str]] = []
    for root in candidates:
        if root in place:
            continue
        path.append(len(place))
        stack.append(root)
        place[root] = len(place)
        work = [(root, iter(nodes[root].dependencies))]
        while work:
            node, neighbours = work[-1]
            for neighbour in neighbours:
                found = place.get(neighbour)
                if found is not None:
                    while path[-1] > found:
                        path.pop()
                elif neighbour in candidates:
                    path.append(len(place))
                    stack.append(neighbour)
                    place[neighbour] = len(place)
                    work.append((neighbour, iter(nodes[neighbour].dependencies)))
                    break
            else:
                work.pop()
                if path[-1] == place[node]:
                    path.pop()
                    component = set(_popped_through(stack, node))
                    place.update(dict.fromkeys(component, done))
                    if len(component) > 1 or node in nodes[node].dependencies:
                        components.append(component)
    return components


def _popped_through(stack: list[str], last: str) -> Iterable[str]:
    while True:
        node = stack.pop()
        yield node
        if node == last:
            return
