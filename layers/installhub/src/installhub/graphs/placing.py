"""Horizontal positions: close to what a place is connected with, without overlaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

ROUNDS: Final = 6
"""Number of passes down and up. Positions hardly change after that."""


def place_rows(
    rows: Sequence[Sequence[int]],
    above: Sequence[Sequence[int]],
    below: Sequence[Sequence[int]],
    distance: Callable[[int, int], float],
    first_bend: int,
) -> list[float]:
    """The horizontal center of each place, the order of the rows being kept.

    Args:
        rows: The places of each row, in order.
        above: The places in the row above that each place is connected with.
        below: The places in the row below that each place is connected with.
        distance: The minimum distance between the centers of two places that are next to each other.
        first_bend: From this place on, places are bends of lines.
    """
    x = [0.0] * len(above)
    offsets = [_offsets(row, distance) for row in rows]
    for row, offset in zip(rows, offsets, strict=True):
        for place, from_left in zip(row, offset, strict=True):
            x[place] = from_left - offset[-1] / 2
    widest = max((offset[-1] for offset in offsets), default=0)
    indices = range(len(rows))
    for round_number in range(ROUNDS):
        is_last = round_number == ROUNDS - 1
        for order, neighbours in ((indices, above), (reversed(indices), below)):
            for index in order:
                row = rows[index]
                wanted, weights = [], []
                for place in row:
                    found = [*above[place], *below[place]] if is_last else neighbours[place]
                    wanted.append(sum(x[other] for other in found) / len(found) if found else x[place])
                    weights.append(_weight(place, found, first_bend))
                for place, center in zip(row, _closest(wanted, weights, offsets[index], widest), strict=True):
                    x[place] = center
    return x


def _weight(place: int, neighbours: Sequence[int], first_bend: int) -> float:
    if not neighbours:
        return 0.1
    # A bend next to another bend weighs most, so that long lines are straight.
    return 1.0 if place < first_bend else 8.0 if any(other >= first_bend for other in neighbours) else 2.0


def _offsets(row: Sequence[int], distance: Callable[[int, int], float]) -> list[float]:
    """The distance of each place from the first one if all are as close as possible."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + distance(left, right))
    return offsets


def _closest(wanted: Sequence[float], weights: Sequence[float], offsets: Sequence[float], width: float) -> list[float]:
    """The positions closest to ``wanted`` by weighted least squares that keep the distances and the total width.

    Without the offsets, positions only have to be in order: isotonic regression, by pooling adjacent violators.
    The width is centered around 0, which keeps rows from drifting apart.
    """
    blocks: list[tuple[float, float, int]] = []  # mean, weight and number of the places in it
    for target, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, total, count = target - offset, weight, 1
        while blocks and blocks[-1][0] > mean:
            other_mean, other_total, other_count = blocks.pop()
            mean = (mean * total + other_mean * other_total) / (total + other_total)
            total, count = total + other_total, count + other_count
        blocks.append((mean, total, count))
    first, last = -width / 2, width / 2 - offsets[-1]
    means = (min(max(mean, first), last) for mean, _, count in blocks for _ in range(count))
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
