"""Decompression of gzip as a stream, against Python's own of the whole content."""

from __future__ import annotations

import gzip
import itertools
import zlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.events.gzip_stream import CorruptGzipError, gunzip

MIB = 1024 * 1024
CONTENT = b"".join(b'{"artifactId":"a-%d"}\n' % number for number in range(2_000))
PACKED = gzip.compress(CONTENT, mtime=0)


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def read_until_damage(data: bytes, size: int = 7) -> tuple[bytes, str]:
    """Return the content before the damage, and the reason."""
    content = b""
    try:
        for piece in gunzip(pieces(data, size)):
            content += piece
    except CorruptGzipError as error:
        return content, str(error)
    pytest.fail("no damage was reported")


@given(st.lists(st.binary(max_size=300), max_size=4), st.integers(1, 40), st.sampled_from([b"", b"\0", b"\0" * 50]))
def test_the_members_of_a_stream_are_joined(members: list[bytes], size: int, padding: bytes) -> None:
    stream = b"".join(gzip.compress(member) + padding for member in members)

    assert b"".join(gunzip(pieces(stream, size))) == gzip.decompress(stream) == b"".join(members)


def test_the_pieces_are_small_however_well_the_content_is_compressed() -> None:
    bomb = gzip.compress(bytes(64 * MIB))
    assert len(bomb) < MIB

    sizes = [len(piece) for piece in gunzip([bomb])]

    assert sum(sizes) == 64 * MIB
    assert max(sizes) == MIB


@pytest.mark.parametrize("length", [1, 9, 11, len(PACKED) // 2, len(PACKED) - 8, len(PACKED) - 1])
def test_a_truncated_stream_is_read_to_its_end_and_then_reported(length: int) -> None:
    content, reason = read_until_damage(PACKED[:length])

    assert CONTENT.startswith(content)
    assert "incomplete" in reason


def test_damage_in_a_later_member_does_not_hide_the_earlier_ones() -> None:
    content, _ = read_until_damage(PACKED + PACKED[:-8] + b"12345678")

    assert content.startswith(CONTENT)
    assert (2 * CONTENT).startswith(content)


@pytest.mark.parametrize("data", [b"no gzip", b"\0" + PACKED, PACKED + b"garbage", zlib.compress(CONTENT)])
def test_what_is_not_gzip_is_reported(data: bytes) -> None:
    _, reason = read_until_damage(data)

    assert "not gzip" in reason


@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255))
def test_no_changed_byte_leads_to_other_content_without_a_report(position: int, change: int) -> None:
    damaged = bytearray(PACKED)
    damaged[position] ^= change
    content = b""
    try:
        for piece in gunzip([bytes(damaged)]):
            content += piece
    except CorruptGzipError:
        return
    assert content == CONTENT, "a change of the header's time or system does not matter"


def test_a_stream_of_random_bytes_ends() -> None:
    random = Random(1)  # noqa: S311  # not security-relevant
    for _ in range(200):
        with pytest.raises(CorruptGzipError):
            list(itertools.islice(gunzip([b"\x1f\x8b\x08\x00" + random.randbytes(200)]), 100_000))
