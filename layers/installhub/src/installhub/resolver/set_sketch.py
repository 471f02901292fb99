"""A sketch of constant size of a set of revisions, from which the differences to another set can be read.

An invertible Bloom lookup table (Goodrich and Mitzenmacher, 2011) over a prime field. Every artifact is added to a few
cells; a cell holds the sums of keys, of revisions and of their products. In the difference of two sketches, artifacts
that are the same in both cancel out. A cell that only one other artifact is part of gives it away: because of the
product, a changed revision leads to the key although the key itself has cancelled out. What was found is subtracted,
which leaves further cells with a single artifact (docs/decisions/0056).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

PRIME: Final = 2**48 - 59
"""Keys and revisions are numbers below this prime."""

_NUMBER_BYTES: Final = 6
_PARTS: Final = 5
_CELLS_PER_PART: Final = 22
_CELLS: Final = _PARTS * _CELLS_PER_PART
_MULTIPLIERS: Final = tuple(accumulate([0x9E3779B97F4B] * _PARTS, lambda last, factor: last * factor % PRIME))

SKETCH_BYTES: Final = _CELLS * 3 * _NUMBER_BYTES
"""The size of a sketch in bytes, from which about sixty differences can be read."""


@dataclass(frozen=True, slots=True)
class SetDifference:
    """How a set of revisions differs from an earlier one.

    Attributes:
        added: Keys that only the later set has.
        removed: Keys that only the earlier set has.
        modified: Keys that both sets have, with different revisions.
        is_complete: False if there are more differences than could be read.
    """

    added: frozenset[int]
    removed: frozenset[int]
    modified: frozenset[int]
    is_complete: bool = True


def sketch_of(revisions: Mapping[int, int]) -> bytes:
    """The sketch of a set of revisions by key."""
    return b"".join(
        (total % PRIME).to_bytes(_NUMBER_BYTES, "big") for cell in _cells(revisions.items()) for total in cell
    )


def difference(sketch: bytes, revisions: Mapping[int, int]) -> SetDifference:
    """How ``revisions`` differ from the set that ``sketch`` was made of; ``sketch`` has :data:`SKETCH_BYTES`."""
    numbers = (int.from_bytes(sketch[at : at + _NUMBER_BYTES], "big") for at in range(0, len(sketch), _NUMBER_BYTES))
    cells = [[(now - next(numbers)) % PRIME for now in cell] for cell in _cells(revisions.items())]
    found: dict[str, set[int]] = {"added": set(), "removed": set(), "modified": set()}
    unread = list(range(_CELLS))
    while unread:
        index = unread.pop()
        single = _single_difference(cells[index], revisions)
        if single is None:
            continue
        kind, key = single
        positions = _positions(key)
        if index not in positions or key in found[kind]:
            continue
        found[kind].add(key)
        totals = tuple(cells[index])
        for position in positions:
            cells[position] = [(now - total) % PRIME for now, total in zip(cells[position], totals, strict=True)]
        unread += positions
    return SetDifference(
        added=frozenset(found["added"]),
        removed=frozenset(found["removed"]),
        modified=frozenset(found["modified"]),
        is_complete=not any(map(any, cells)),
    )


def _single_difference(cell: list[int], revisions: Mapping[int, int]) -> tuple[str, int] | None:
    """The difference in a cell that only one artifact is part of, and its key; None if there are more, or none."""
    key, revision, product = cell
    if key == 0:
        modified = product * pow(revision, -1, PRIME) % PRIME if revision else 0
        return ("modified", modified) if modified in revisions else None
    if revisions.get(key) == revision and product == key * revision % PRIME:
        return "added", key
    if PRIME - key not in revisions and product == -key * revision % PRIME:
        return "removed", PRIME - key
    return None


def _cells(revisions: Iterable[tuple[int, int]]) -> list[list[int]]:
    cells = [[0, 0, 0] for _ in range(_CELLS)]
    for key, revision in revisions:
        product = key * revision
        for position in _positions(key):
            cell = cells[position]
            cell[0] += key
            cell[1] += revision
            cell[2] += product
    return cells


def _positions(key: int) -> list[int]:
    """The cells of an artifact, one in each part."""
    return [
        key * multiplier % PRIME % _CELLS_PER_PART + part * _CELLS_PER_PART
        for part, multiplier in enumerate(_MULTIPLIERS)
    ]
