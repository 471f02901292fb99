"""The difference between two JSON values, as a JSON Patch (RFC 6902) of ``add``, ``remove`` and ``replace``.

Elements of a list are recognized by what identifies them, so that an inserted field is one change and not a change of
every field after it (docs/decisions/0055).
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

MAX_POINTER_LENGTH: Final = 1_000
"""Maximum length of a pointer in characters; below, the difference is reported for the value as a whole."""

_MAX_DEPTH: Final = 60  # below, the difference is reported for the value as a whole
_IDENTIFYING_FIELDS: Final = ("id", "name", "key")


class Operation(StrEnum):
    """What happened at a place."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


class Edit(NamedTuple):
    """A change at one place.

    Attributes:
        operation: What happened.
        pointer: JSON pointer (RFC 6901). Edits are in such an order that an index in it is a position in the new
            value: applying them one after another turns the old value into the new one.
        value: The new value; None for a removal.
    """

    operation: Operation
    pointer: str
    value: Any = None


def diff(old: Any, new: Any) -> Iterator[Edit]:  # noqa: ANN401  # any JSON value
    """Yield what changed from ``old`` to ``new``; nothing if they are the same JSON.

    Stopping early saves the time of finding the rest.
    """
    if not _is_same(old, new):
        yield from _diff(old, new, "", 0)


def pointer_to(parent: str, token: str | int) -> str:
    """The pointer to a member of the value that ``parent`` points to."""
    return f"{parent}/{token}" if isinstance(token, int) else f"{parent}/{token.replace('~', '~0').replace('/', '~1')}"


def _diff(old: Any, new: Any, pointer: str, depth: int) -> Iterator[Edit]:  # noqa: ANN401
    """Yield what changed between two values that are not the same."""
    if depth < _MAX_DEPTH:
        if isinstance(old, dict) and isinstance(new, dict) and _has_short_pointers(old, new, pointer):
            yield from _diff_objects(old, new, pointer, depth)
            return
        if isinstance(old, list) and isinstance(new, list):
            yield from _diff_lists(old, new, pointer, depth)
            return
    yield Edit(Operation.REPLACE, pointer, new)


def _has_short_pointers(old: dict[str, Any], new: dict[str, Any], pointer: str) -> bool:
    longest = max((len(name) + name.count("~") + name.count("/") for name in (*old, *new)), default=0)
    return len(pointer) + 1 + longest <= MAX_POINTER_LENGTH


def _diff_objects(old: dict[str, Any], new: dict[str, Any], pointer: str, depth: int) -> Iterator[Edit]:
    for name in sorted(old.keys() | new.keys()):
        place = pointer_to(pointer, name)
        if name not in new:
            yield Edit(Operation.REMOVE, place)
        elif name not in old:
            yield Edit(Operation.ADD, place, new[name])
        elif not _is_same(old[name], new[name]):
            yield from _diff(old[name], new[name], place, depth + 1)


def _diff_lists(old: list[Any], new: list[Any], pointer: str, depth: int) -> Iterator[Edit]:
    if len(pointer) + 1 + len(str(len(old) + len(new))) > MAX_POINTER_LENGTH:
        yield Edit(Operation.REPLACE, pointer, new)
        return
    for old_index, new_index, position in _pairs(old, new):
        place = pointer_to(pointer, position)
        if new_index is None:
            yield Edit(Operation.REMOVE, place)
        elif old_index is None:
            yield Edit(Operation.ADD, place, new[new_index])
        elif not _is_same(old[old_index], new[new_index]):
            yield from _diff(old[old_index], new[new_index], place, depth + 1)


def _pairs(old: list[Any], new: list[Any]) -> Iterator[tuple[int | None, int | None, int]]:
    """Yield which element became which, in order: index in ``old`` or None, in ``new`` or None, and the position.

    The position is that in the list once all earlier pairs are processed.
    """
    field = _identifying_field(old, new)
    old_keys: Sequence[Hashable] = _keys(old, field)
    new_keys: Sequence[Hashable] = _keys(new, field)
    start_old = start_new = 0
    for old_anchor, new_anchor in [*_anchors(old_keys, new_keys), (len(old), len(new))]:
        gap_old, gap_new = range(start_old, old_anchor), range(start_new, new_anchor)
        # Elements with different identities are different things; others are compared by position.
        common = 0 if field is not None else min(len(gap_old), len(gap_new))
        for old_index, new_index in zip(gap_old[:common], gap_new[:common], strict=True):
            yield old_index, new_index, new_index
        for old_index in gap_old[common:]:
            yield old_index, None, start_new + common
        for new_index in gap_new[common:]:
            yield None, new_index, new_index
        if old_anchor < len(old):
            yield old_anchor, new_anchor, new_anchor
        start_old, start_new = old_anchor + 1, new_anchor + 1


def _identifying_field(old: list[Any], new: list[Any]) -> str | None:
    """The name of the field that identifies the elements in both lists; None if there is none."""
    if not old or not new or not all(isinstance(element, dict) for element in (*old, *new)):
        return None
    for name in _IDENTIFYING_FIELDS:
        if _identifies(name, old) and _identifies(name, new):
            return name
    return None


def _identifies(name: str, elements: list[dict[str, Any]]) -> bool:
    values = {value for element in elements if isinstance(value := element.get(name), str)}
    return len(values) == len(elements)


def _keys(elements: list[Any], field: str | None) -> list[str]:
    return [_canonical(element) if field is None else element[field] for element in elements]


def _anchors(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pairs of positions of elements with the same key, increasing in both: what patience diff calls anchors.

    The common start and end of the lists, and in between as many as possible of the keys that are unique in both.
    """
    shorter = min(len(old), len(new))
    start = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    rest = shorter - start
    end = next((index for index in range(rest) if old[-1 - index] != new[-1 - index]), rest)
    old_middle, new_middle = range(start, len(old) - end), range(start, len(new) - end)
    in_old, in_new = Counter(old[index] for index in old_middle), Counter(new[index] for index in new_middle)
    position_in_old = {old[index]: index for index in old_middle if in_old[old[index]] == 1}
    candidates = [
        (position_in_old[new[index]], index)
        for index in new_middle
        if in_new[new[index]] == 1 and new[index] in position_in_old
    ]
    return [
        *((index, index) for index in range(start)),
        *_longest_increasing(candidates),
        *((len(old) - index, len(new) - index) for index in range(end, 0, -1)),
    ]


def _longest_increasing(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence of ``pairs``, whose second members increase, with increasing first members."""
    tails: list[int] = []  # the smallest first member with which a subsequence of each length ends
    ends: list[int] = []  # and the index of its pair
    previous: list[int | None] = []
    for index, (first, _) in enumerate(pairs):
        length = bisect_left(tails, first)
        previous.append(ends[length - 1] if length else None)
        tails[length : length + 1] = [first]
        ends[length : length + 1] = [index]
    found = []
    last = ends[-1] if ends else None
    while last is not None:
        found.append(pairs[last])
        last = previous[last]
    return found[::-1]


def _is_same(old: Any, new: Any) -> bool:  # noqa: ANN401
    """Whether two values are the same JSON: unlike in Python, 1, 1.0 and true are different."""
    return bool(old == new) and (isinstance(old, str) or _canonical(old) == _canonical(new))


def _canonical(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
