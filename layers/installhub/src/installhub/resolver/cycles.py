"""Cycles as paths: short, deterministic, and enough of them that every edge on a cycle is shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

from installhub.artifacts import ArtifactNode

MAX_CYCLES: Final = 100
"""Most cycles reported. A graph can have exponentially many; whoever mends a hundred can ask again."""

Graph = Mapping[str, list[str]]


def find_cycles(nodes: Mapping[str, ArtifactNode], among: Iterable[str]) -> list[tuple[str, ...]]:
    """Find closed paths ``(a, b, ..., a)`` in the graph of ``nodes``.

    For every edge that lies on a cycle, one of the shortest cycles through it is reported, each once, starting at its
    smallest id, up to :data:`MAX_CYCLES`. The result depends on the graph alone.

    Args:
        nodes: The artifacts by id; dependencies outside of it do not count.
        among: The ids that can lie on a cycle, such as those that a topological order left out.
    """
    candidates = set(among)
    graph: dict[str, list[str]] = {
        artifact_id: sorted(candidates.intersection(nodes[artifact_id].dependencies))
        for artifact_id in sorted(candidates)
    }
    cycles: dict[tuple[str, ...], None] = {}
    for component in _strongly_connected(graph):
        covered: set[tuple[str, str]] = set()
        for tail in sorted(component):
            for head in graph[tail]:
                if head not in component or (tail, head) in covered:
                    continue
                cycle = _rotated([tail, *_shortest_path(graph, component, head, tail)[:-1]])
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


def _shortest_path(graph: Graph, component: set[str], start: str, end: str) -> list[str]:
    """The shortest path from ``start`` to ``end`` within a strongly connected component, both included."""
    came_from: dict[str, str | None] = {start: None}
    queue = deque([start])
    while end not in came_from:
        current = queue.popleft()
        for neighbour in graph[current]:
            if neighbour in component and neighbour not in came_from:
                came_from[neighbour] = current
                queue.append(neighbour)
    path: list[str] = []
    step: str | None = end
    while step is not None:
        path.append(step)
        step = came_from[step]
    return path[::-1]


def _strongly_connected(graph: Graph) -> list[set[str]]:
    """Tarjan's strongly connected components (SIAM J. Comput. 1972), without recursion: a chain may be 10,000 deep."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    components: list[set[str]] = []
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(graph[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, neighbours = work[-1]
            for neighbour in neighbours:
                if neighbour not in index:
                    index[neighbour] = low[neighbour] = len(index)
                    stack.append(neighbour)
                    on_stack.add(neighbour)
                    work.append((neighbour, iter(graph[neighbour])))
                    break
                if neighbour in on_stack:
                    low[node] = min(low[node], index[neighbour])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    component = set(_popped_through(stack, node))
                    on_stack -= component
                    components.append(component)
    return components


def _popped_through(stack: list[str], last: str) -> Iterable[str]:
    while True:
        node = stack.pop()
        yield node
        if node == last:
            return
