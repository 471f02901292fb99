"""Dependency graphs of a hostile tenant: deep, dense, wide and cyclic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

Graph = Mapping[str, tuple[str, ...]]
"""The dependencies of each artifact."""


def _names(count: int) -> list[str]:
    return [f"n{number:05}" for number in range(count)]


def chain(count: int) -> Graph:
    """Each artifact depends on the next."""
    names = _names(count)
    return {name: tuple(names[index + 1 : index + 2]) for index, name in enumerate(names)}


def ring(count: int) -> Graph:
    """One cycle through all artifacts."""
    names = _names(count)
    return {name: (names[(index + 1) % count],) for index, name in enumerate(names)}


def complete(count: int) -> Graph:
    """Each artifact depends on all that follow."""
    names = _names(count)
    return {name: tuple(names[index + 1 :]) for index, name in enumerate(names)}


def fan_out(count: int) -> Graph:
    """The first artifact depends on all others."""
    first, *others = _names(count)
    return {first: tuple(others), **dict.fromkeys(others, ())}


def fan_in(count: int) -> Graph:
    """The first artifact depends on all others except the last, and each of those on the last."""
    first, *others, last = _names(count)
    return {first: tuple(others), **dict.fromkeys(others, (last,)), last: ()}


def layers(count: int, width: int = 20) -> Graph:
    """Layers of ``width`` artifacts, each with ten dependencies in the next one: the number of paths is exponential."""
    first, *others = _names(count)
    graph = {first: tuple(others[:width])}
    for index, name in enumerate(others):
        start = (index // width + 1) * width
        following = others[start : start + width]
        graph[name] = tuple(following[(index + step) % len(following)] for step in range(min(10, len(following))))
    return graph


def self_references(count: int) -> Graph:
    """The first artifact depends on all, and each on itself."""
    first, *others = _names(count)
    return {first: (first, *others), **{name: (name,) for name in others}}


def pairs(count: int) -> Graph:
    """The first artifact depends on all others, which depend on each other in pairs: thousands of separate cycles."""
    first, *others = _names(count - count % 2 + 1)
    return {first: tuple(others), **{name: (others[index ^ 1],) for index, name in enumerate(others)}}


def strongly_connected(count: int) -> Graph:
    """One strongly connected component; each artifact has five dependencies at different distances."""
    names = _names(count)
    return {
        name: tuple(names[(index + step) % count] for step in (1, 2, 7, 101, 1009)) for index, name in enumerate(names)
    }


def mutually_dependent(count: int) -> Graph:
    """Each artifact depends on all, including itself."""
    names = _names(count)
    return dict.fromkeys(names, tuple(names))


ACYCLIC: Final[Mapping[str, tuple[Callable[[int], Graph], int]]] = {
    "chain, 10,000 deep": (chain, 10_000),
    "complete graph of 400": (complete, 400),
    "fan-out to 20,000": (fan_out, 20_000),
    "fan-in from 20,000": (fan_in, 20_000),
    "100,000 edges in layers": (layers, 10_000),
}
CYCLIC: Final[Mapping[str, tuple[Callable[[int], Graph], int]]] = {
    "cycle of 10,000": (ring, 10_000),
    "10,000 self-references": (self_references, 10_000),
    "5,000 separate cycles": (pairs, 10_000),
    "strongly connected 10,000, 50,000 edges": (strongly_connected, 10_000),
    "300 mutually dependent artifacts": (mutually_dependent, 300),
}
