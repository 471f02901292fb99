"""The ZIP writer, checked with an independent parser, with zipfile and with common ZIP programs."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterable
from itertools import pairwise, repeat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.bundler.archive import ArchiveError, ArchiveWriter
from installhub.model.definition import pack
from tests import rawzip

NAMES = ("manifest.json", "artifacts/RuleSet/rule-305.json", "artifacts/AtlasForm/größe 漢 😀.json", "empty")
CONTENTS = (b'{"a": 1}\n' * 100, b"x", "ä漢".encode() * 1000, b"")
MIB = 1024 * 1024


def archive_of(entries: Iterable[tuple[str, bytes]]) -> io.BytesIO:
    file = io.BytesIO()
    archive = ArchiveWriter(file.write)
    for name, content in entries:
        packed = pack(content)
        archive.add(name, packed.chunks, packed_size=packed.packed_size, size=packed.size, crc32=packed.crc32)
    assert archive.close() == file.tell()
    return file


def archive_of_many(count: int) -> io.BytesIO:
    file = io.BytesIO()
    archive = ArchiveWriter(file.write)
    packed = pack(b"{}")
    for number in range(count):
        archive.add(f"{number}", packed.chunks, packed_size=packed.packed_size, size=packed.size, crc32=packed.crc32)
    archive.close()
    return file


class SparseFile(io.RawIOBase):
    """A file that stores small writes; large ones only add to its length and are read as zeros."""

    def __init__(self) -> None:
        self.stored: list[tuple[int, bytes]] = []
        self.length = 0
        self.position = 0

    def append(self, data: bytes) -> None:
        if len(data) < MIB:
            self.stored.append((self.length, data))
        self.length += len(data)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = 0) -> int:
        self.position = offset + (0, self.position, self.length)[whence]
        return self.position

    def read(self, size: int | None = -1) -> bytes:
        end = self.length if size is None or size < 0 else min(self.position + size, self.length)
        content = bytearray(end - self.position)
        for start, data in self.stored:
            first, last = max(start, self.position), min(start + len(data), end)
            if first < last:
                content[first - self.position : last - self.position] = data[first - start : last - start]
        self.position = end
        return bytes(content)


def big_chunks(size: int) -> Iterable[bytes]:
    """Yield ``size`` zero bytes in pieces that :class:`SparseFile` does not store."""
    piece = bytes(64 * MIB)
    yield from repeat(piece, size // len(piece))
    yield bytes(size % len(piece))


def test_zipfile_reads_back_what_was_written() -> None:
    with zipfile.ZipFile(archive_of(zip(NAMES, CONTENTS, strict=True))) as archive:
        assert archive.testzip() is None
        assert tuple(archive.namelist()) == NAMES
        assert tuple(archive.read(name) for name in NAMES) == CONTENTS


@given(st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.binary()))
def test_any_names_and_contents_are_read_back(entries: dict[str, bytes]) -> None:
    with zipfile.ZipFile(archive_of(entries.items())) as archive:
        assert archive.testzip() is None
        assert {info.filename: archive.read(info) for info in archive.infolist()} == entries


def test_headers_have_the_values_fixed_by_the_contract() -> None:
    file = archive_of(zip(NAMES, CONTENTS, strict=True))

    for entry in rawzip.read_entries(file):
        local = rawzip.local_header(file, entry.offset)
        assert local.flags == entry.flags == 0x0800, "UTF-8 names, no data descriptor (bit 3)"
        assert local.method == entry.method == 8
        assert (local.date, local.time) == (entry.date, entry.time) == (0 << 9 | 1 << 5 | 1, 0), "1980-01-01 00:00"
        assert local.extra == entry.extra == b""
        assert local.needed == entry.needed == 20
        assert entry.made_by == 3 << 8 | 20, "UNIX, so that the file mode applies"
        assert entry.external == 0o100644 << 16
        assert (entry.comment, entry.disk, entry.internal) == (b"", 0, 0)


def test_local_and_central_headers_agree_and_sizes_are_right() -> None:
    file = archive_of(zip(NAMES, CONTENTS, strict=True))

    for entry, name, content in zip(rawzip.read_entries(file), NAMES, CONTENTS, strict=True):
        local = rawzip.local_header(file, entry.offset)
        assert local.name == entry.name == name
        assert (local.crc32, local.packed_size, local.size) == (entry.crc32, entry.packed_size, entry.size)
        assert zlib.decompress(rawzip.packed_bytes(file, entry), wbits=-15) == content
        assert (entry.size, entry.crc32) == (len(content), zlib.crc32(content))


def test_entries_lie_end_to_end_from_the_first_byte_on() -> None:
    file = archive_of(zip(NAMES, CONTENTS, strict=True))
    entries = rawzip.read_entries(file)

    starts = [*(entry.offset for entry in entries), rawzip.read_end(file).directory_offset]
    assert starts[0] == 0
    for entry, (_, following) in zip(entries, pairwise(starts), strict=True):
        assert entry.data_offset + entry.packed_size == following


def test_add_returns_where_the_packed_bytes_start() -> None:
    file = io.BytesIO()
    archive = ArchiveWriter(file.write)
    packed = pack(b"content")

    starts = [
        archive.add(name, packed.chunks, packed_size=packed.packed_size, size=7, crc32=packed.crc32) for name in "ab"
    ]

    for start in starts:
        assert zlib.decompress(file.getvalue()[start : start + packed.packed_size], wbits=-15) == b"content"


def test_chunk_boundaries_make_no_difference() -> None:
    packed = pack(b"content" * 100)
    whole = b"".join(packed.chunks)
    files = [io.BytesIO(), io.BytesIO()]

    for file, chunks in zip(files, ([whole], (whole[at : at + 1] for at in range(len(whole)))), strict=True):
        archive = ArchiveWriter(file.write)
        archive.add("name", chunks, packed_size=len(whole), size=packed.size, crc32=packed.crc32)
        archive.close()

    assert files[0].getvalue() == files[1].getvalue()


@pytest.mark.parametrize("chunks", [[], [b"12"], [b"1", b"234"], [b"123", b"4"]], ids=repr)
def test_more_or_fewer_bytes_than_declared_are_an_error(chunks: list[bytes]) -> None:
    archive = ArchiveWriter(io.BytesIO().write)

    with pytest.raises(ArchiveError, match="name"):
        archive.add("name", chunks, packed_size=3, size=3, crc32=0)


def test_an_archive_without_entries_is_valid() -> None:
    file = archive_of([])

    assert rawzip.read_entries(file) == []
    assert zipfile.ZipFile(file).namelist() == []


@pytest.mark.parametrize(("count", "is_zip64"), [(65_534, False), (65_535, True)])
def test_zip64_starts_where_the_16_bit_count_ends(count: int, is_zip64: bool) -> None:  # noqa: FBT001
    end = rawzip.read_end(archive_of_many(count))

    assert (end.count, end.short_count, end.is_zip64) == (count, min(count, 0xFFFF), is_zip64)


def test_more_than_65535_entries_are_all_listed(run: Callable[..., str], tmp_path: Path) -> None:
    file = archive_of_many(65_536)
    names = [str(number) for number in range(65_536)]
    path = tmp_path / "many.zip"
    path.write_bytes(file.getvalue())

    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == names
        assert archive.read(names[-1]) == b"{}"
        assert not any(info.extra for info in archive.infolist())
    assert run("zipinfo", "-1", path).split() == names


@pytest.mark.parametrize(
    ("offset", "is_far"), [(0xFFFFFFFE, False), (0xFFFFFFFF, True), (0x1_0000_0000, True), (0x1_4000_0001, True)]
)
def test_an_entry_beyond_4_gib_has_its_offset_in_a_zip64_field(offset: int, is_far: bool) -> None:  # noqa: FBT001
    file = SparseFile()
    writer = ArchiveWriter(file.append)
    half = offset // 2
    for name, size in (("a", half - 31), ("b", offset - half - 31)):
        writer.add(name, big_chunks(size), packed_size=size, size=size, crc32=0)
    packed = pack(b"far away")
    writer.add("c", packed.chunks, packed_size=packed.packed_size, size=8, crc32=packed.crc32)
    size = writer.close()

    end = rawzip.read_end(file)
    near, middle, far = rawzip.read_entries(file)

    assert size == file.length
    assert end.is_zip64, "the central directory is beyond 4 GiB"
    assert (end.count, end.short_count, end.short_offset) == (3, 3, 0xFFFFFFFF)
    assert far.offset == offset
    assert bool(far.extra) is is_far
    assert far.needed == (45 if is_far else 20)
    assert (near.extra, middle.extra) == (b"", b"")
    assert rawzip.local_header(file, offset).name == "c"
    with zipfile.ZipFile(file) as archive:
        assert archive.getinfo("c").header_offset == offset
        assert archive.read("c") == b"far away"


@pytest.mark.parametrize(("start", "is_zip64"), [(0xFFFFFFFE, False), (0xFFFFFFFF, True)])
def test_zip64_starts_where_the_directory_s_32_bit_offset_ends(start: int, is_zip64: bool) -> None:  # noqa: FBT001
    file = SparseFile()
    writer = ArchiveWriter(file.append)
    size = start - 31
    writer.add("a", big_chunks(size), packed_size=size, size=size, crc32=0)
    writer.close()

    end = rawzip.read_end(file)

    assert (end.directory_offset, end.short_offset, end.is_zip64) == (start, min(start, 0xFFFFFFFF), is_zip64)
    assert not rawzip.read_entries(file)[0].extra
