"""The order within rows, with few crossings of lines."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

SWEEPS: Final = 12
"""Number of passes over all rows. More do not remove noticeably more crossings."""

Rows = Sequence[Sequence[int]]


def order_rows(rows: Rows, above: Sequence[Sequence[int]], below: Sequence[Sequence[int]]) -> list[list[int]]:
    """Sort each row so that few lines cross: the barycenter method, alternately downwards and upwards."""
    current = [list(row) for row in rows]
    best, fewest = current, _count_crossings(current, below)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        downwards = sweep % 2 == 0
        current = _sweep(current, above if downwards else below, downwards=downwards)
        crossings = _count_crossings(current, below)
        if crossings < fewest:
            best, fewest = current, crossings
    return best


def _sweep(rows: Rows, neighbours: Sequence[Sequence[int]], *, downwards: bool) -> list[list[int]]:
    """Sort each row by the mean position of the neighbours in the row before it."""
    position: dict[int, float] = {}
    result: list[list[int]] = []
    for row in rows if downwards else reversed(rows):
        center: dict[int, float] = {}
        for index, place in enumerate(row):
            found = neighbours[place]
            center[place] = sum(position[other] for other in found) / len(found) if found else index / len(row)
        ordered = sorted(row, key=center.__getitem__)
        position.update((place, index / len(row)) for index, place in enumerate(ordered))
        result.append(ordered)
    return result if downwards else result[::-1]


def _count_crossings(rows: Rows, below: Sequence[Sequence[int]]) -> int:
    """The number of pairs of segments that cross."""
    crossings = 0
    for upper, lower in pairwise(rows):
        position = {place: index for index, place in enumerate(lower)}
        ends: list[int] = []  # of the segments that start further left
        for place in upper:
            found = sorted(position[other] for other in below[place])
            crossings += sum(len(ends) - bisect_right(ends, end) for end in found)
            for end in found:
                insort(ends, end)
    return crossings
