"""Lines of a stream, against an oracle that splits all bytes at once."""

from __future__ import annotations

import itertools
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from installhub.events.line_reader import BEGINNING, Line, Position, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

contents = st.lists(
    st.sampled_from([b"\n", b"\r", b"\0", b" ", b"{}", b'"\xc3\xa9"', b"\xff", BYTE_ORDER_MARK, b"x" * 5])
    | st.binary(max_size=6)
).map(b"".join)
limits = st.integers(0, 12)


def split(content: bytes, sizes: list[int]) -> list[bytes]:
    """Cut ``content`` into pieces of the given sizes; the last piece is the rest."""
    ends = [0, *itertools.accumulate(sizes), len(content)]
    return [content[start : max(start, end)] for start, end in itertools.pairwise(ends)]


def oracle(content: bytes, limit: int) -> list[Line]:
    """Return the lines of ``content``, with all of it in memory."""
    pieces = content.split(b"\n")
    ends = [*itertools.accumulate(len(piece) + 1 for piece in pieces)]
    if not pieces[-1]:  # nothing follows the last line feed
        pieces.pop()
    lines = []
    for number, (piece, end) in enumerate(zip(pieces, ends, strict=False), 1):
        text = piece[3:] if number == 1 and piece.startswith(BYTE_ORDER_MARK) else piece
        lines.append(Line(text if len(piece) <= limit else None, Position(number, min(end, len(content)))))
    return lines


@given(contents, st.lists(st.integers(0, 9)), limits)
@example(b"", [], 0)
@example(b"\n", [], 0)
@example(BYTE_ORDER_MARK + b"x\ny", [1], 12)
@example(b"1234\n12345\n123456", [7], 5)
def test_the_lines_are_those_of_splitting_the_whole_content(content: bytes, sizes: list[int], limit: int) -> None:
    assert list(read_lines(split(content, sizes), limit)) == oracle(content, limit)


@given(contents, st.lists(st.integers(0, 9)), limits, st.data())
def test_reading_can_go_on_after_any_line(content: bytes, sizes: list[int], limit: int, data: st.DataObject) -> None:
    lines = list(read_lines([content], limit))
    done = data.draw(st.integers(0, len(lines)))
    start = lines[done - 1].end if done else BEGINNING

    rest = read_lines(split(content[start.offset :], sizes), limit, start)

    assert list(rest) == lines[done:]


@pytest.mark.parametrize("feed", [b"\n", b""])
def test_an_endless_line_is_skipped_with_flat_memory(feed: bytes) -> None:
    chunk = b" " * 100_000

    def chunks() -> Iterator[bytes]:
        yield b"first\n"
        for _ in range(2_000):
            yield chunk
        yield feed

    tracemalloc.start()
    try:
        lines = list(read_lines(chunks(), 1_000_000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [line.content for line in lines] == [b"first", None]
    assert lines[-1].end == Position(2, 6 + 200_000_000 + len(feed))
    assert peak < 1_500_000
