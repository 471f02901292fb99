"""Entries that are read without the rest of their archive."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.bundler.archive import ArchiveWriter
from installhub.bundler.stored_entry import DamagedEntryError, header_size, unpack_entry
from installhub.model.definition import pack
from tests import rawzip

contents = st.binary(max_size=200)
paths = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


def entry_of(path: str, content: bytes) -> bytes:
    """Return the bytes of the only entry of an archive, as an independent parser finds them."""
    file = io.BytesIO()
    writer = ArchiveWriter(file.write)
    packed = pack(content)
    writer.add(path, packed.chunks, packed_size=packed.packed_size, size=packed.size, crc32=packed.crc32)
    writer.close()
    (header,) = rawzip.read_entries(file)
    assert header.data_offset == header_size(path)
    return file.getvalue()[: header.data_offset + header.packed_size]


@given(paths, contents)
def test_an_entry_is_unpacked(path: str, content: bytes) -> None:
    assert unpack_entry(entry_of(path, content), path, len(content)) == content


@given(st.data(), st.binary(min_size=1, max_size=200))
def test_a_damaged_entry_is_noticed_or_has_the_same_content(data: Any, content: bytes) -> None:  # noqa: ANN401
    entry = bytearray(entry_of("name", content))
    entry[data.draw(st.integers(0, len(entry) - 1))] ^= data.draw(st.integers(1, 255))

    try:
        found = unpack_entry(bytes(entry), "name", len(content))
    except DamagedEntryError:
        return
    assert found == content


@given(st.binary(max_size=100), st.integers(0, 100))
def test_any_bytes_are_no_entry(data: bytes, size: int) -> None:
    with pytest.raises(DamagedEntryError):
        unpack_entry(data, "name", size)


def test_another_path_size_or_length_is_damage() -> None:
    entry = entry_of("name", b"content")

    for data, path, size in (
        (entry, "game", 7),
        (entry, "name", 8),
        (entry[:-1], "name", 7),
        (entry + b"x", "name", 7),
    ):
        with pytest.raises(DamagedEntryError):
            unpack_entry(data, path, size)
