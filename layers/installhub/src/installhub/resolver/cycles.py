"""Cycles as paths: short, deterministic, and together containing every edge that is part of a cycle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, pairwise
from typing import Final

from installhub.model.artifact import ArtifactNode
from installhub.runtime.gc import gc_paused

MAX_CYCLES: Final = 100
"""Maximum number of reported cycles; a graph can have exponentially many."""

_MAX_VISITS: Final = 50_000
"""Maximum number of artifacts visited to find more than one cycle per component. Each cycle requires another search for
a shortest path, which in a component of 50,000 artifacts takes as long as ordering them."""


@gc_paused()
def find_cycles(nodes: Mapping[str, ArtifactNode], among: Iterable[str]) -> list[tuple[str, ...]]:
    """Find closed paths ``(a, b, ..., a)`` in the graph of ``nodes``.

    Every edge that is part of a cycle is part of a reported cycle. Each reported cycle is a shortest one through one of
    its edges, starts at its smallest id and is reported once. In very large or dense graphs, some are omitted: at least
    one per strongly connected component and at most :data:`MAX_CYCLES` in total are reported. The result depends only
    on the graph.

    Args:
        nodes: The artifacts by id; dependencies that are not among them are ignored.
        among: The ids that can be part of a cycle, such as those missing from a topological order.
    """
    cycles: dict[tuple[str, ...], None] = {}
    total_visits = last_visits = 0
    for component in sorted(_strongly_connected(nodes, set(among)), key=min):
        covered: set[tuple[str, str]] = set()
        edges = ((tail, head) for tail in sorted(component) for head in _successors(nodes[tail], component))
        for tail, head in edges:
            if (tail, head) in covered:
                continue
            if covered and total_visits + last_visits > _MAX_VISITS:  # if the next search takes as long as the last
                break
            path, last_visits = _shortest_path(nodes, component, head, tail)
            total_visits += last_visits
            cycle = _normalized_cycle([tail, *path[:-1]])
            cycles[cycle] = None
            covered.update(pairwise(cycle))
            if len(cycles) == MAX_CYCLES:
                return list(cycles)
    return list(cycles)


def _normalized_cycle(path: list[str]) -> tuple[str, ...]:
    """The cycle along ``path`` and back to its start, as a closed path that starts at its smallest id."""
    start = path.index(min(path))
    rotated = path[start:] + path[:start]
    return (*rotated, rotated[0])


def _successors(node: ArtifactNode, component: set[str]) -> list[str]:
    """The dependencies of ``node`` within ``component``, sorted, since the declared order must not matter."""
    return sorted(component.intersection(node.dependencies))


def _shortest_path(
    nodes: Mapping[str, ArtifactNode], component: set[str], start: str, end: str
) -> tuple[list[str], int]:
    """A shortest path from ``start`` to ``end`` within ``component``, and the number of artifacts visited.

    Of several shortest paths, the one whose ids, read from the end, are the smallest.
    """
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

    Gabow's path-based algorithm (Inf. Process. Lett. 74, 2000), iterative because a chain of dependencies may be
    longer than Python's recursion limit.
    """
    index: dict[str, int] = {}  # in the order of visits; `assigned` once the artifact's component is complete
    assigned = len(candidates)
    stack: list[str] = []  # visited artifacts whose component is not complete
    boundaries: list[int] = []  # indexes of artifacts that may be the first of their component
    components: list[set[str]] = []
    for root in candidates:
        if root in index:
            continue
        boundaries.append(len(index))
        stack.append(root)
        index[root] = len(index)
        work = [(root, iter(nodes[root].dependencies))]
        while work:
            node, dependencies = work[-1]
            for dependency in dependencies:
                found = index.get(dependency)
                if found is not None:
                    while boundaries[-1] > found:
                        boundaries.pop()
                elif dependency in candidates:
                    boundaries.append(len(index))
                    stack.append(dependency)
                    index[dependency] = len(index)
                    work.append((dependency, iter(nodes[dependency].dependencies)))
                    break
            else:
                work.pop()
                if boundaries[-1] == index[node]:
                    boundaries.pop()
                    component = set(_pop_through(stack, node))
                    index.update(dict.fromkeys(component, assigned))
                    if len(component) > 1 or node in nodes[node].dependencies:
                        components.append(component)
    return components


def _pop_through(stack: list[str], last: str) -> Iterable[str]:
    """Pop and yield items up to and including ``last``."""
    while True:
        node = stack.pop()
        yield node
        if node == last:
            return
