"""Positions of the boxes, and the paths of the arrows between them.

An arrow that passes a floor has a place of its own there, between or beside the boxes. The places of a floor are
ordered by those they are connected with on the floors above and below, so that few arrows cross.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, pairwise, permutations, product
from typing import Final

_SWEEPS: Final = 8
_STARTS: Final = 200  # orders of rooms that are tried


@dataclass(frozen=True, slots=True)
class Sizes:
    """Measures of the picture, in pixels.

    Attributes:
        box: The width of a box.
        passage: The width of the place of an arrow that passes a floor.
        gap: The space between two places.
        margin: The space around everything.
        rise: The space between two floors.
        ports: Which part of a box's width has arrows.
    """

    box: int = 240
    passage: int = 16
    gap: int = 32
    margin: int = 32
    rise: int = 64
    ports: float = 0.7


@dataclass(frozen=True, slots=True)
class Box:
    """The place of a room."""

    left: int
    top: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        """The horizontal middle."""
        return self.left + self.width // 2

    @property
    def bottom(self) -> int:
        """The lower edge."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Layout:
    """The picture's geometry.

    Attributes:
        width: Of the whole.
        height: Of the whole.
        boxes: By the room's name.
        ways: For each arrow the points where it leaves a floor or arrives at one, in turn.
    """

    width: int
    height: int
    boxes: dict[str, Box]
    ways: dict[tuple[str, str], tuple[tuple[int, int], ...]]


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """A room, or where an arrow passes a floor: then ``passing`` is the arrow."""

    name: str
    passing: tuple[str, ...] = ()


_Step = tuple[_Place, _Place]


def arrange(
    floors: Sequence[Sequence[str]], arrows: frozenset[tuple[str, str]], heights: Sequence[int], sizes: Sizes
) -> Layout:
    """Lay out rooms by floor; every arrow leads to a lower floor, and ``heights`` has the height of each."""
    chains = _chains(floors, arrows)
    steps = [step for chain in chains.values() for step in pairwise(chain)]
    passages = _passages(floors, chains)
    rows = _ordered([[_Place(name) for name in floor] for floor in floors], passages, steps)
    width = max(_row_width(row, sizes) for row in rows) + 2 * sizes.margin
    places: dict[_Place, Box] = {}
    top = sizes.margin
    for row, height in zip(rows, heights, strict=True):
        left = (width - _row_width(row, sizes)) // 2
        for place in row:
            places[place] = Box(left, top, _width(place, sizes), height)
            left += places[place].width + sizes.gap
        top += height + sizes.rise
    return Layout(
        width=width,
        height=top - sizes.rise + sizes.margin,
        boxes={place.name: box for place, box in places.items() if not place.passing},
        ways=_ways(chains, places, sizes),
    )


def _chains(floors: Sequence[Sequence[str]], arrows: frozenset[tuple[str, str]]) -> dict[tuple[str, str], list[_Place]]:
    """For each arrow its places, floor by floor."""
    level = {name: index for index, floor in enumerate(floors) for name in floor}
    return {
        (start, end): [
            _Place(start),
            *(_Place(f"{start} to {end} at {passed}", (start, end)) for passed in range(level[start] + 1, level[end])),
            _Place(end),
        ]
        for start, end in sorted(arrows)
    }


def _passages(floors: Sequence[Sequence[str]], chains: dict[tuple[str, str], list[_Place]]) -> list[list[_Place]]:
    """The places of passing arrows on each floor."""
    level = {name: index for index, floor in enumerate(floors) for name in floor}
    passages: list[list[_Place]] = [[] for _ in floors]
    for (start, _), chain in chains.items():
        for offset, place in enumerate(chain):
            if place.passing:
                passages[level[start] + offset].append(place)
    return passages


def _ordered(
    floors: Sequence[Sequence[_Place]], passages: Sequence[Sequence[_Place]], steps: Sequence[_Step]
) -> list[list[_Place]]:
    """The rows, in the order with the fewest crossings that is found; the given order of rooms is tried first."""
    starts = islice(product(*map(permutations, floors)), _STARTS)
    rows = ([[*rooms, *passing] for rooms, passing in zip(start, passages, strict=True)] for start in starts)
    found = (attempt for start in rows for attempt in _attempts(start, steps))
    return min(found, key=lambda attempt: _crossings(attempt, steps))


def _attempts(rows: list[list[_Place]], steps: Sequence[_Step]) -> Iterator[list[list[_Place]]]:
    """The rows as they are, and after each of some sweeps down and up."""
    yield rows
    for sweep in range(_SWEEPS):
        rows = _swept(rows, steps, is_down=sweep % 2 == 0)
        yield rows


def _swept(rows: list[list[_Place]], steps: Sequence[_Step], *, is_down: bool) -> list[list[_Place]]:
    swept = list(rows)
    indices = range(1, len(rows)) if is_down else range(len(rows) - 2, -1, -1)
    for index in indices:
        fixed = _positions(swept[index - 1 if is_down else index + 1])
        own = _positions(swept[index])
        swept[index] = sorted(  # stable: those that are alike stay in the order they are in
            swept[index], key=lambda place: _barycentre(place, fixed, own[place], steps)
        )
    return swept


def _positions(row: Sequence[_Place]) -> dict[_Place, float]:
    """The place of each in its row, from 0 to 1."""
    return {place: (index + 0.5) / len(row) for index, place in enumerate(row)}


def _barycentre(place: _Place, fixed: dict[_Place, float], own: float, steps: Sequence[_Step]) -> float:
    connected = [fixed[other] for step in steps if place in step for other in step if other in fixed]
    return sum(connected) / len(connected) if connected else own


def _crossings(rows: Sequence[Sequence[_Place]], steps: Sequence[_Step]) -> int:
    position = {place: index for row in rows for index, place in enumerate(row)}
    level = {place: index for index, row in enumerate(rows) for place in row}
    return sum(
        level[first[0]] == level[second[0]]
        and (position[first[0]] - position[second[0]]) * (position[first[1]] - position[second[1]]) < 0
        for first, second in combinations(steps, 2)
    )


def _width(place: _Place, sizes: Sizes) -> int:
    return sizes.passage if place.passing else sizes.box


def _row_width(row: Sequence[_Place], sizes: Sizes) -> int:
    return sum(_width(place, sizes) for place in row) + sizes.gap * (len(row) - 1)


def _ways(
    chains: dict[tuple[str, str], list[_Place]], places: dict[_Place, Box], sizes: Sizes
) -> dict[tuple[str, str], tuple[tuple[int, int], ...]]:
    leaving: dict[_Place, list[_Place]] = {}
    arriving: dict[_Place, list[_Place]] = {}
    for chain in chains.values():
        for upper, lower in pairwise(chain):
            leaving.setdefault(upper, []).append(lower)
            arriving.setdefault(lower, []).append(upper)
    ways = {}
    for arrow, chain in chains.items():
        points = []
        for upper, lower in pairwise(chain):
            points.append((_port(upper, lower, leaving, places, sizes), places[upper].bottom))
            points.append((_port(lower, upper, arriving, places, sizes), places[lower].top))
        ways[arrow] = tuple(points)
    return ways


def _port(
    place: _Place, other: _Place, neighbours: dict[_Place, list[_Place]], places: dict[_Place, Box], sizes: Sizes
) -> int:
    """Where on the edge of ``place`` the arrow from or to ``other`` is: side by side, in the order of the others."""
    box = places[place]
    ordered = sorted(neighbours[place], key=lambda neighbour: (places[neighbour].middle, neighbour))
    share = (ordered.index(other) + 0.5) / len(ordered) - 0.5
    return round(box.middle + share * box.width * sizes.ports)
