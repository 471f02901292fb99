"""Dependency graphs that a tenant could make to hurt: deep, dense, wide and knotted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

Graph = Mapping[str, tuple[str, ...]]
"""The dependencies of each artifact."""


def _names(count: int) -> list[str]:
    return [f"n{number:05}" for number in range(count)]


def chain(count: int) -> Graph:
    """Each needs the next."""
    names = _names(count)
    return {name: tuple(names[place + 1 : place + 2]) for place, name in enumerate(names)}


def ring(count: int) -> Graph:
    """A chain that bites its tail: one cycle through all."""
    names = _names(count)
    return {name: (names[(place + 1) % count],) for place, name in enumerate(names)}


def complete(count: int) -> Graph:
    """Each needs all that come after it."""
    names = _names(count)
    return {name: tuple(names[place + 1 :]) for place, name in enumerate(names)}


def fan_out(count: int) -> Graph:
    """One needs all others."""
    first, *others = _names(count)
    return {first: tuple(others), **dict.fromkeys(others, ())}


def fan_in(count: int) -> Graph:
    """The first needs all, and all of them need the last."""
    first, *others, last = _names(count)
    return {first: tuple(others), **dict.fromkeys(others, (last,)), last: ()}


def layers(count: int, width: int = 20) -> Graph:
    """Layers of ``width``, each artifact needing ten of the next layer: the number of paths is astronomic."""
    first, *others = _names(count)
    found = {first: tuple(others[:width])}
    for place, name in enumerate(others):
        start = (place // width + 1) * width
        following = others[start : start + width]
        found[name] = tuple(following[(place + step) % len(following)] for step in range(min(10, len(following))))
    return found


def selves(count: int) -> Graph:
    """The first needs all, and each needs itself."""
    first, *others = _names(count)
    return {first: (first, *others), **{name: (name,) for name in others}}


def pairs(count: int) -> Graph:
    """The first needs all others, which need each other two by two: thousands of separate cycles."""
    first, *others = _names(count - count % 2 + 1)
    return {first: tuple(others), **{name: (others[place ^ 1],) for place, name in enumerate(others)}}


def knot(count: int) -> Graph:
    """One strongly connected component, each artifact needing five others far and near."""
    names = _names(count)
    return {
        name: tuple(names[(place + step) % count] for step in (1, 2, 7, 101, 1009)) for place, name in enumerate(names)
    }


def crowd(count: int) -> Graph:
    """Each needs every one, itself included."""
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
    "10,000 self-references": (selves, 10_000),
    "5,000 separate cycles": (pairs, 10_000),
    "strongly connected 10,000, 50,000 edges": (knot, 10_000),
    "300 mutually dependent artifacts": (crowd, 300),
}
