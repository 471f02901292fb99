"""Divides a stream of bytes into lines, with memory that does not grow with the stream or with its longest line."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple


class Position(NamedTuple):
    """A place between two lines.

    Attributes:
        line: Number of lines before it.
        offset: Number of bytes before it.
    """

    line: int = 0
    offset: int = 0


BEGINNING: Final = Position()


class Line(NamedTuple):
    """A line.

    Attributes:
        content: Its bytes without the line feed; None if there are more of them than wanted.
        end: The position after it; ``end.line`` is its number, counted from 1.
    """

    content: bytes | None
    end: Position


def read_lines(chunks: Iterable[bytes], max_bytes: int, start: Position = BEGINNING) -> Iterator[Line]:
    """Yield the lines of a stream. The last one need not end with a line feed.

    A byte order mark at the beginning of the stream is removed.

    Args:
        chunks: The bytes from ``start`` on, in pieces of any size.
        max_bytes: Maximum size of a line. A longer one is skipped, without being held in memory.
        start: The position of the first chunk.
    """
    number, offset = start
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        first = 0
        while True:
            feed = chunk.find(b"\n", first)
            end = len(chunk) if feed < 0 else feed
            size += end - first
            if size <= max_bytes:
                parts.append(chunk[first:end])
            else:
                parts.clear()
            if feed < 0:
                break
            number, offset, first = number + 1, offset + size + 1, feed + 1
            yield Line(_take(parts, number) if size <= max_bytes else None, Position(number, offset))
            size = 0
    if size:
        number, offset = number + 1, offset + size
        yield Line(_take(parts, number) if size <= max_bytes else None, Position(number, offset))


def _take(parts: list[bytes], number: int) -> bytes:
    """Remove ``parts`` and return them as the content of a line."""
    content = b"".join(parts)
    parts.clear()
    return content.removeprefix(codecs.BOM_UTF8) if number == 1 else content
