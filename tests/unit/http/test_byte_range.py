"""Range requests (RFC 9110, 14); the oracle are slices of bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.http.byte_range import ByteRange, RangeNotSatisfiableError, requested_range

TAG = '"sha256-1"'
CONTENT = bytes(range(100))
SIZE = len(CONTENT)
OFFSETS = st.integers(0, 130)


def selected(header: str | None, if_range: str | None = None) -> bytes:
    """Return the bytes of CONTENT that are selected."""
    part = requested_range(header, if_range, TAG, SIZE)
    return CONTENT if part is None else CONTENT[part.first : part.first + part.length]


@given(first=OFFSETS, last=OFFSETS)
def test_a_range_selects_what_a_slice_would(first: int, last: int) -> None:
    header = f"bytes={first}-{last}"
    if last < first:
        assert selected(header) == CONTENT, "an invalid range is ignored"
    elif first >= SIZE:
        with pytest.raises(RangeNotSatisfiableError):
            selected(header)
    else:
        assert selected(header) == CONTENT[first : last + 1]


@given(first=OFFSETS)
def test_an_open_range_selects_the_rest(first: int) -> None:
    if first >= SIZE:
        with pytest.raises(RangeNotSatisfiableError):
            selected(f"bytes={first}-")
    else:
        assert selected(f"bytes={first}-") == CONTENT[first:]


@given(length=OFFSETS.filter(bool))
def test_a_suffix_selects_the_end(length: int) -> None:
    assert selected(f"bytes=-{length}") == CONTENT[-length:]


def test_an_empty_suffix_is_not_satisfiable() -> None:
    with pytest.raises(RangeNotSatisfiableError):
        selected("bytes=-0")


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=--1", "bytes=-1-", "bytes=+1-2"),
        *("lines=0-1", "bytes=0-1,3-4", "bytes 0-1", "bytes=0-1 ;x", "bytes=\u0661-\u0662", "bytes=0x1-0x2"),
        f"bytes={'9' * 19}-",
    ],
)
def test_a_header_that_is_malformed_or_not_supported_is_ignored(header: str | None) -> None:
    assert selected(header) == CONTENT


@pytest.mark.parametrize("header", ["bytes=2-4", "BYTES=2-4", " bytes=2-4 "])
def test_the_unit_is_case_insensitive(header: str) -> None:
    assert selected(header) == CONTENT[2:5]


def test_the_range_is_used_if_the_entity_is_unchanged() -> None:
    assert selected("bytes=0-1", TAG) == CONTENT[:2]


@pytest.mark.parametrize("if_range", ['"sha256-2"', f"W/{TAG}", "Fri, 27 Nov 2026 04:00:00 GMT", ""])
def test_a_changed_entity_is_returned_whole(if_range: str) -> None:
    assert selected("bytes=0-1", if_range) == CONTENT


def test_content_range_has_the_offsets_and_the_size() -> None:
    assert ByteRange(0, 3).content_range(100) == "bytes 0-3/100"
