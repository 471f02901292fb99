"""A ZIP writer for entries that are already deflated (PKWARE APPNOTE 6.3.10).

The standard library's ``zipfile`` would compress every entry again. Here sizes and CRCs are known in advance, so
entries are copied without seeking and without data descriptors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from installhub.bundler.zip_records import (
    CENTRAL_HEADER,
    CENTRAL_SIGNATURE,
    END,
    END_SIGNATURE,
    LOCAL_HEADER,
    LOCAL_SIGNATURE,
    MAX_16,
    MAX_32,
    ZIP64_END,
    ZIP64_END_SIGNATURE,
    ZIP64_LOCATOR,
    ZIP64_LOCATOR_SIGNATURE,
    ZIP64_OFFSET,
)

Sink = Callable[[bytes], object]
"""Receives the archive, piece by piece."""

_DEFLATED: Final = 8
_UTF8_NAMES: Final = 0x0800
_DOS_TIME: Final = 0
_DOS_DATE: Final = 0x0021  # 1980-01-01, the earliest possible date
_VERSION_DEFAULT: Final = 20
_VERSION_ZIP64: Final = 45
_MADE_BY_UNIX: Final = 3 << 8
_REGULAR_FILE_0644: Final = 0o100644 << 16


class ArchiveError(Exception):
    """The size of an entry differs from the declared size."""


@dataclass(frozen=True, slots=True)
class _Entry:
    name: bytes
    crc32: int
    packed_size: int
    size: int
    offset: int


class ArchiveWriter:
    """Writes an archive to a sink, entry by entry.

    Each entry must be smaller than 4 GiB. The number of entries and the size of the archive are unlimited (ZIP64).
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._entries: list[_Entry] = []
        self._offset = 0

    def add(self, path: str, chunks: Iterable[bytes], *, packed_size: int, size: int, crc32: int) -> int:
        """Append an entry and return the offset of its compressed data.

        Args:
            path: The entry's name.
            chunks: A raw deflate stream (RFC 1951).
            packed_size: Size of the stream in bytes.
            size: Uncompressed size in bytes.
            crc32: CRC-32 of the uncompressed bytes.

        Raises:
            ArchiveError: The total size of ``chunks`` is not ``packed_size``; the archive is invalid then.
        """
        name = path.encode()
        self._entries.append(_Entry(name, crc32, packed_size, size, self._offset))
        self._write(
            LOCAL_HEADER.pack(
                LOCAL_SIGNATURE,
                _VERSION_DEFAULT,
                _UTF8_NAMES,
                _DEFLATED,
                _DOS_TIME,
                _DOS_DATE,
                crc32,
                packed_size,
                size,
                len(name),
                0,
            )
            + name
        )
        start = self._offset
        for chunk in chunks:
            self._write(chunk)
        if self._offset - start != packed_size:
            raise ArchiveError(f"{path}: {self._offset - start} bytes instead of {packed_size}")
        return start

    def close(self) -> int:
        """Write the central directory and return the size of the archive in bytes."""
        start = self._offset
        for entry in self._entries:
            self._write(_central_header(entry))
        self._write(_end_records(len(self._entries), start, self._offset - start))
        return self._offset

    def _write(self, data: bytes) -> None:
        self._sink(data)
        self._offset += len(data)


def _central_header(entry: _Entry) -> bytes:
    is_zip64 = entry.offset >= MAX_32
    extra = ZIP64_OFFSET.pack(1, 8, entry.offset) if is_zip64 else b""
    version = _VERSION_ZIP64 if is_zip64 else _VERSION_DEFAULT
    fixed = CENTRAL_HEADER.pack(
        CENTRAL_SIGNATURE,
        _MADE_BY_UNIX | version,
        version,
        _UTF8_NAMES,
        _DEFLATED,
        _DOS_TIME,
        _DOS_DATE,
        entry.crc32,
        entry.packed_size,
        entry.size,
        len(entry.name),
        len(extra),
        0,  # comment
        0,  # disk
        0,  # internal attributes
        _REGULAR_FILE_0644,
        MAX_32 if is_zip64 else entry.offset,
    )
    return fixed + entry.name + extra


def _end_records(count: int, start: int, size: int) -> bytes:
    end = END.pack(
        END_SIGNATURE,
        0,
        0,
        min(count, MAX_16),
        min(count, MAX_16),
        min(size, MAX_32),
        min(start, MAX_32),
        0,
    )
    if count < MAX_16 and start < MAX_32 and size < MAX_32:
        return end
    zip64_end = ZIP64_END.pack(
        ZIP64_END_SIGNATURE,
        ZIP64_END.size - 12,  # the record without its signature and this field
        _MADE_BY_UNIX | _VERSION_ZIP64,
        _VERSION_ZIP64,
        0,
        0,
        count,
        count,
        size,
        start,
    )
    locator = ZIP64_LOCATOR.pack(ZIP64_LOCATOR_SIGNATURE, 0, start + size, 1)
    return zip64_end + locator + end
