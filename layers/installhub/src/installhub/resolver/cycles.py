"""Cycles as paths: short, deterministic, and enough of them that every edge on a cycle is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, pairwise
from typing import Final

from installhub.model.artifact import ArtifactNode
from installhub.runtime.gc import gc_paused

MAX_CYCLES: Final = 100
"""Most cycles reported. A graph can have exponentially many; whoever mends a hundred can ask again."""

_MAX_VISITS: Final = 50_000
"""Most artifacts visited to find more cycles than one in each knot. The shortest way round is looked for anew for every
cycle, which in a knot of 50,000 artifacts takes as long as ordering them."""


@gc_paused()
def find_cycles(nodes: Mapping[str, ArtifactNode], among: Iterable[str]) -> list[tuple[str, ...]]:
    """Find closed paths ``(a, b, ..., a)`` in the graph of ``nodes``.

    For every edge that lies on a cycle, one of the shortest cycles through it is reported, each once, starting at its
    smallest id. Of very large or tangled graphs not all are: at least one of every strongly connected component, and
    up to :data:`MAX_CYCLES` in all. The result depends on the graph alone.

    Args:
        nodes: The artifacts by id; dependencies outside of it do not count.
        among: The ids that can lie on a cycle, such as those that a topological order left out.
    """
    cycles: dict[tuple[str, ...], None] = {}
    visits = visited = 0
    for component in sorted(_strongly_connected(nodes, set(among)), key=min):
        covered: set[tuple[str, str]] = set()
        edges = ((tail, head) for tail in sorted(component) for head in _heads(nodes[tail], component))
        for tail, head in edges:
            if (tail, head) in covered:
                continue
            if covered and visits + visited > _MAX_VISITS:  # should the next one be as far to seek as the last
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
    """The dependencies of ``node`` within ``component``, in an order that does not depend on how they were declared."""
    return sorted(component.intersection(node.dependencies))


def _shortest_path(
    nodes: Mapping[str, ArtifactNode], component: set[str], start: str, end: str
) -> tuple[list[str], int]:
    """The shortest path within ``component``, both ends included, and how many artifacts were visited to find it."""
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
    """The strongly connected components of ``candidates`` that hold a cycle.

    Gabow's path-based algorithm (Inf. Process. Lett. 2000), without recursion: a chain may be 10,000 deep.
    """
    place: dict[str, int] = {}  # in the order of visits; beyond all of them once a component is done
    done = len(candidates)
    stack: list[str] = []
    path: list[int] = []  # places of what may still turn out to be the first artifact of a component
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
