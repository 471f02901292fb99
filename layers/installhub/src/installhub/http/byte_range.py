"""Range requests for a bundle (RFC 9110, 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_SINGLE_RANGE: Final = re.compile(r"bytes=(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})", re.IGNORECASE)


class RangeNotSatisfiableError(Exception):
    """The requested range does not overlap the content."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A part of a representation.

    Attributes:
        first: Offset of the first byte.
        last: Offset of the last byte, inclusive.
    """

    first: int
    last: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.last - self.first + 1

    def content_range(self, size: int) -> str:
        """The ``Content-Range`` of a response with this part of ``size`` bytes."""
        return f"bytes {self.first}-{self.last}/{size}"


def requested_range(header: str | None, if_range: str | None, entity: str, size: int) -> ByteRange | None:
    """The range that a request asks for; None if the response should be the whole representation.

    A server may ignore a ``Range`` (RFC 9110, 14.2): one that is malformed, has another unit, or lists several ranges
    is ignored, and so is one whose ``If-Range`` is not the current entity tag.

    Args:
        header: Value of ``Range``.
        if_range: Value of ``If-Range``.
        entity: The current entity tag, a strong one.
        size: Size of the whole representation in bytes.

    Raises:
        RangeNotSatisfiableError: The range starts after the end, or is empty.
    """
    match = _SINGLE_RANGE.fullmatch((header or "").strip())
    if match is None or if_range not in (None, entity):
        return None
    first, last = match["first"], match["last"]
    if not first:
        return _suffix(int(last), size) if last else None
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise RangeNotSatisfiableError
    return ByteRange(int(first), min(int(last or size), size - 1))


def _suffix(length: int, size: int) -> ByteRange:
    """The last ``length`` bytes, or all if there are fewer."""
    if length == 0:
        raise RangeNotSatisfiableError
    return ByteRange(max(size - length, 0), size - 1)
