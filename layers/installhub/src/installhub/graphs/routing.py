"""Routes of the lines between rows: through free places of the rows they cross, so that no line runs behind a box."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from installhub.graphs.layering import Link


class Segment(NamedTuple):
    """A part of a line, from one row to the next.

    Attributes:
        upper: The place in the upper row.
        lower: The place in the lower row.
        target: The node that the line leads to.
        in_cycle: Whether a link that is part of a cycle takes it.
        points_up: Whether the line leads upwards.
    """

    upper: int
    lower: int
    target: int
    in_cycle: bool
    points_up: bool


@dataclass(slots=True)
class Routes:
    """The places of all rows, and the segments between them.

    Attributes:
        size: The number of nodes. Places below it are nodes, all others are bends of lines.
        layers: The layer of each place.
        segments: All segments.
    """

    size: int
    layers: list[int]
    segments: list[Segment] = field(default_factory=list)

    def rows(self) -> list[list[int]]:
        """The places of each layer."""
        rows: list[list[int]] = [[] for _ in range(max(self.layers, default=-1) + 1)]
        for place, layer in enumerate(self.layers):
            rows[layer].append(place)
        return rows

    def neighbours(self) -> tuple[list[list[int]], list[list[int]]]:
        """For each place, the places in the row above and in the row below that it is connected with."""
        above: list[list[int]] = [[] for _ in self.layers]
        below: list[list[int]] = [[] for _ in self.layers]
        for segment in self.segments:
            above[segment.lower].append(segment.upper)
            below[segment.upper].append(segment.lower)
        return above, below


def count_segments(layers: Sequence[int], links: Sequence[Link]) -> int:
    """At most how many segments :func:`route` returns, without the cost of routing."""
    longest: dict[tuple[int, bool], int] = defaultdict(int)
    for source, target in links:
        rows = layers[target] - layers[source]
        longest[target, rows > 0] = max(longest[target, rows > 0], abs(rows))
    return len(links) + sum(longest.values()) - len(longest)


def route(layers: Sequence[int], down: Iterable[Link], up: Iterable[Link], in_cycles: frozenset[Link]) -> Routes:
    """Route all links. Links with the same target join into one line, which keeps the number of lines small."""
    routes = Routes(len(layers), list(layers))
    for points_up, links in ((False, down), (True, up)):
        sources: dict[int, list[int]] = defaultdict(list)
        for source, target in links:
            sources[target].append(source)
        for target, found in sources.items():
            _route_to(routes, target, found, in_cycles, points_up=points_up)
    return routes


def _route_to(
    routes: Routes, target: int, sources: Sequence[int], in_cycles: frozenset[Link], *, points_up: bool
) -> None:
    step = -1 if points_up else 1
    end = routes.layers[target]
    places = {end: target}
    first = (max if points_up else min)(routes.layers[source] for source in sources) + step
    for layer in range(first, end, step):
        places[layer] = len(routes.layers)
        routes.layers.append(layer)

    def add(start: int, end: int, *, in_cycle: bool) -> None:
        upper, lower = (end, start) if points_up else (start, end)
        routes.segments.append(Segment(upper, lower, target, in_cycle, points_up))

    cyclic_from: int | None = None  # the layer from which on a link that is part of a cycle takes the line
    for source in sources:
        joins = routes.layers[source] + step
        in_cycle = (source, target) in in_cycles
        add(source, places[joins], in_cycle=in_cycle)
        if in_cycle and (cyclic_from is None or (joins - cyclic_from) * step < 0):
            cyclic_from = joins
    for layer in range(first, end, step):
        in_cycle = cyclic_from is not None and (layer - cyclic_from) * step >= 0
        add(places[layer], places[layer + step], in_cycle=in_cycle)
