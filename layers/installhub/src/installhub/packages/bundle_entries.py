"""Reads single definitions from stored bundles, by ranged requests."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Final, cast
from zipfile import BadZipFile, ZipFile, ZipInfo

from installhub.model.definition import sha256_hex

if TYPE_CHECKING:
    from installhub.changes.manifest_diff import ManifestEntry
    from installhub.packages.bundle_store import BundleStore
    from installhub.packages.records import PackageRecord

_MAX_CONCURRENT_REQUESTS: Final = 8
_MAX_GAP_BYTES: Final = 32 * 1024
"""Entries that are closer are read with one request."""

_DIRECTORY_ENTRY_BYTES: Final = 46 + 28  # the fixed part, and ZIP64 fields (APPNOTE.TXT 4.3.12 and 4.5.3)
_DIRECTORY_END_BYTES: Final = 22 + 20 + 56  # end record, ZIP64 locator, ZIP64 end record (4.3.14 to 4.3.16)
_LOCAL_HEADER_BYTES: Final = 30 + 20  # the fixed part, and ZIP64 fields (4.3.7)
_UNEXPECTED_READ_BYTES: Final = 64 * 1024

_Range = tuple[int, int]  # the first byte, and the one after the last


class DamagedBundleError(Exception):
    """A bundle does not contain what its manifest lists."""


def read_entries(
    bundles: BundleStore, record: PackageRecord, paths: Iterable[str], wanted: Sequence[ManifestEntry]
) -> dict[str, bytes]:
    """The definitions of ``wanted``, by artifact id. Takes one request for the ZIP's directory, then those for entries.

    Args:
        bundles: The bundle bucket.
        record: The package.
        paths: The paths of all entries, from which the size of the directory follows.
        wanted: The artifacts to read, as the manifest lists them.

    Raises:
        DamagedBundleError: An entry is missing, or its content differs from the manifest.
        ServiceUnavailableError: S3 is unavailable.
    """
    if not wanted:
        return {}
    size = record.layout.size
    file = _RangedFile(bundles, record.bundle_key, size)
    directory = sum(_DIRECTORY_ENTRY_BYTES + len(path.encode()) for path in paths)
    file.prefetch([(max(0, size - directory - _DIRECTORY_ENTRY_BYTES - _DIRECTORY_END_BYTES), size)])
    try:
        with ZipFile(cast("IO[bytes]", file)) as archive:
            found = {info.filename: info for info in archive.infolist()}
            file.prefetch(_joined([_range(found[entry.path], size) for entry in wanted]))
            return {entry.id: _read(archive, found[entry.path], entry) for entry in wanted}
    except (BadZipFile, KeyError, EOFError, zlib.error) as error:
        raise DamagedBundleError(f"{record.bundle_key}: {error!r}") from error


def _read(archive: ZipFile, info: ZipInfo, entry: ManifestEntry) -> bytes:
    if info.file_size != entry.size:  # before anything is unpacked
        raise DamagedBundleError(f"{entry.path} has {info.file_size} bytes, and {entry.size} in the manifest")
    content = archive.read(info)
    if sha256_hex(content) != entry.sha256:
        raise DamagedBundleError(f"{entry.path} has another digest than in the manifest")
    return content


def _range(info: ZipInfo, size: int) -> _Range:
    end = info.header_offset + _LOCAL_HEADER_BYTES + len(info.filename.encode()) + info.compress_size
    return info.header_offset, min(end, size)


def _joined(ranges: Iterable[_Range]) -> list[_Range]:
    """``ranges`` in order; those that are close to each other are joined."""
    joined: list[_Range] = []
    for first, end in sorted(ranges):
        if joined and first - joined[-1][1] <= _MAX_GAP_BYTES:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((first, end))
    return joined


class _RangedFile:
    """A bundle as a file for :mod:`zipfile`: reads what was prefetched, and requests what was not."""

    def __init__(self, bundles: BundleStore, key: str, size: int) -> None:
        self._bundles = bundles
        self._key = key
        self._size = size
        self._position = 0
        self._segments: Mapping[int, bytes] = {}
        self._starts: list[int] = []

    def prefetch(self, ranges: Sequence[_Range]) -> None:
        """Read byte ranges, several at a time."""
        with ThreadPoolExecutor(_MAX_CONCURRENT_REQUESTS) as pool:
            contents = list(pool.map(self._request, ranges))
        self._segments = {**self._segments, **{first: data for (first, _), data in zip(ranges, contents, strict=True)}}
        self._starts = sorted(self._segments)

    def read(self, length: int = -1) -> bytes:
        end = self._size if length < 0 else min(self._position + length, self._size)
        data = self._get(self._position, end)
        self._position = end
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, self._size)[whence]
        return self._position

    def tell(self) -> int:
        return self._position

    def seekable(self) -> bool:
        return True

    def _get(self, first: int, end: int) -> bytes:
        if first >= end:
            return b""
        position = bisect_right(self._starts, first) - 1
        if position >= 0:
            start = self._starts[position]
            if end <= start + len(self._segments[start]):
                return self._segments[start][first - start : end - start]
        self.prefetch([(first, min(self._size, max(end, first + _UNEXPECTED_READ_BYTES)))])
        return self._segments[first][: end - first]

    def _request(self, wanted: _Range) -> bytes:
        first, end = wanted
        return self._bundles.read_range(self._key, first, end - first)
