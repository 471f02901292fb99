"""A strict ZIP parser after APPNOTE 6.3.10, independent of the writer under test and of zipfile.

Unlike zipfile, it requires every record to be at its declared offset, without gaps.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol

LOCAL, CENTRAL, END, ZIP64_END, ZIP64_LOCATOR = (
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x06\x07",
)
END_BYTES, LOCATOR_BYTES = 22, 20


class File(Protocol):
    """The methods of a file that the parser uses."""

    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of a local or central header; those with defaults exist only in the central one."""

    needed: int
    flags: int
    method: int
    time: int
    date: int
    crc32: int
    packed_size: int
    size: int
    name: str
    extra: bytes
    made_by: int = -1
    comment: bytes = b""
    disk: int = 0
    internal: int = 0
    external: int = 0
    offset: int = -1

    @property
    def data_offset(self) -> int:
        """The offset of the packed bytes, given that local headers have no extra fields."""
        return self.offset + 30 + len(self.name.encode())


@dataclass(frozen=True, slots=True)
class End:
    """The values of the end records.

    Attributes:
        count: Number of entries.
        directory_offset: Offset of the central directory.
        directory_size: Size of the central directory in bytes.
        short_count: Number of entries in the 16-bit field.
        short_offset: Offset of the central directory in the 32-bit field.
        is_zip64: Whether there is a ZIP64 end record.
    """

    count: int
    directory_offset: int
    directory_size: int
    short_count: int
    short_offset: int
    is_zip64: bool


class _Fields:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def raw(self, length: int) -> bytes:
        piece = self.data[self.position : self.position + length]
        assert len(piece) == length, "the file is truncated"
        self.position += length
        return piece

    def number(self, length: int) -> int:
        return int.from_bytes(self.raw(length), "little")


def read_end(file: File) -> End:
    file_size = file.seek(0, 2)
    end = _Fields(_read_at(file, file_size - END_BYTES, END_BYTES))
    assert end.raw(4) == END
    assert [end.number(2), end.number(2)] == [0, 0], "single disk"
    count, total = end.number(2), end.number(2)
    assert count == total
    size, offset = end.number(4), end.number(4)
    assert end.number(2) == 0, "no comment"
    short = count, offset
    directory_end = file_size - END_BYTES
    locator_offset = directory_end - LOCATOR_BYTES
    is_zip64 = locator_offset >= 0 and _read_at(file, locator_offset, 4) == ZIP64_LOCATOR
    if is_zip64:
        locator = _Fields(_read_at(file, locator_offset, LOCATOR_BYTES))
        locator.raw(4)
        assert locator.number(4) == 0, "first disk"
        directory_end = locator.number(8)
        assert locator.number(4) == 1, "single disk"
        record = _Fields(_read_at(file, directory_end, locator_offset - directory_end))
        assert record.raw(4) == ZIP64_END
        assert record.number(8) == locator_offset - directory_end - 12, "the record ends at the locator"
        assert [record.number(2), record.number(2)] == [3 << 8 | 45, 45], "made by UNIX, ZIP64 needed to extract"
        assert [record.number(4), record.number(4)] == [0, 0]
        wide_count, wide_total, wide_size, wide_offset = (record.number(8) for _ in range(4))
        assert wide_count == wide_total
        assert count in (wide_count, 0xFFFF)
        assert size in (wide_size, 0xFFFFFFFF)
        assert offset in (wide_offset, 0xFFFFFFFF)
        count, size, offset = wide_count, wide_size, wide_offset
    assert offset + size == directory_end, "no gap between directory and end records"
    return End(count, offset, size, *short, is_zip64)


def read_entries(file: File) -> list[Header]:
    """Return the headers of the central directory, in order."""
    end = read_end(file)
    directory = _Fields(_read_at(file, end.directory_offset, end.directory_size))
    entries = [_central(directory) for _ in range(end.count)]
    assert directory.position == end.directory_size, "the directory contains only its entries"
    return entries


def local_header(file: File, offset: int) -> Header:
    signature, needed, flags, method, time, date, crc32, packed_size, size, name_length, extra_length = struct.unpack(
        "<4s5H3I2H", _read_at(file, offset, 30)
    )
    assert signature == LOCAL
    name = _read_at(file, offset + 30, name_length).decode()
    extra = _read_at(file, offset + 30 + name_length, extra_length)
    return Header(needed, flags, method, time, date, crc32, packed_size, size, name, extra, offset=offset)


def packed_bytes(file: File, entry: Header) -> bytes:
    return _read_at(file, entry.data_offset, entry.packed_size)


def _central(fields: _Fields) -> Header:
    signature, made_by, needed, flags, method, time, date, crc32, packed_size, size = struct.unpack(
        "<4s6H3I", fields.raw(28)
    )
    assert signature == CENTRAL
    name_length, extra_length, comment_length, disk, internal, external, offset = struct.unpack("<5H2I", fields.raw(18))
    name, extra, comment = fields.raw(name_length), fields.raw(extra_length), fields.raw(comment_length)
    if offset == 0xFFFFFFFF:
        kind, length, offset = struct.unpack("<HHQ", extra)
        assert (kind, length) == (1, 8), "a ZIP64 field with only the offset"
    return Header(
        needed=needed,
        flags=flags,
        method=method,
        time=time,
        date=date,
        crc32=crc32,
        packed_size=packed_size,
        size=size,
        name=name.decode(),
        extra=extra,
        made_by=made_by,
        comment=comment,
        disk=disk,
        internal=internal,
        external=external,
        offset=offset,
    )


def _read_at(file: File, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
