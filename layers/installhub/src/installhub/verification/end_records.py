"""Reads the end of an archive: where its central directory is (PKWARE APPNOTE 6.3.10, 4.3.14 to 4.3.16)."""

from __future__ import annotations

import struct
from typing import BinaryIO, Final, NamedTuple

from installhub.verification.reasons import Reason, VerificationError

MAX_16: Final = 0xFFFF
MAX_32: Final = 0xFFFFFFFF

_END: Final = struct.Struct("<4s4H2IH")
_ZIP64_END: Final = struct.Struct("<4sQ2H2I4Q")
_ZIP64_LOCATOR: Final = struct.Struct("<4sIQI")
_END_SIGNATURE: Final = b"PK\x05\x06"
_MADE_BY: Final = 3 << 8 | 45
_NEEDED: Final = 45
_LONGEST_COMMENT: Final = MAX_16


class Directory(NamedTuple):
    """The central directory: number of its entries, its offset and size in bytes."""

    entries: int
    offset: int
    size: int


def read_directory(file: BinaryIO, file_size: int) -> Directory:
    """Where the central directory is.

    The end records have to be the last bytes of the file, follow the directory immediately, and use ZIP64 if and only
    if a number requires it.

    Raises:
        VerificationError: EndMissing, EndWrong or TrailingBytes.
    """
    end = max(file_size - _END.size, 0)
    record = read_at(file, end, _END.size)
    if len(record) < _END.size or not record.startswith(_END_SIGNATURE):
        raise _misplaced_end(file, file_size)
    _, disk, first_disk, count, total, size, offset, comment = _END.unpack(record)
    if comment or disk or first_disk or count != total:
        raise VerificationError(Reason.END_WRONG, "", "has a comment, several parts or contradictory numbers")
    short = Directory(count, offset, size)
    directory, directory_end = short, end
    if count == MAX_16 or MAX_32 in (size, offset):
        directory, directory_end = _zip64_directory(file, end)
        count, offset, size = directory
        if short != (min(count, MAX_16), min(offset, MAX_32), min(size, MAX_32)):
            raise VerificationError(Reason.END_WRONG, "", "the end records contradict each other")
    if directory.offset + directory.size != directory_end:
        raise VerificationError(Reason.END_WRONG, "", "does not follow the directory immediately")
    return directory


def _zip64_directory(file: BinaryIO, end: int) -> tuple[Directory, int]:
    """The directory according to the ZIP64 records before ``end``, and the offset of the first of them."""
    start = end - _ZIP64_LOCATOR.size - _ZIP64_END.size
    if start < 0:
        raise VerificationError(Reason.END_WRONG, "", "has no room for the ZIP64 records it needs")
    records = read_at(file, start, _ZIP64_END.size + _ZIP64_LOCATOR.size)
    fields = _ZIP64_END.unpack_from(records)
    locator = _ZIP64_LOCATOR.unpack_from(records, _ZIP64_END.size)
    count, total, size, offset = fields[6:]
    expected = (b"PK\x06\x06", _ZIP64_END.size - 12, _MADE_BY, _NEEDED, 0, 0)
    if fields[:6] != expected or locator != (b"PK\x06\x07", 0, start, 1) or count != total:
        raise VerificationError(Reason.END_WRONG, "", "the ZIP64 records are wrong")
    return Directory(count, offset, size), start


def _misplaced_end(file: BinaryIO, file_size: int) -> VerificationError:
    start = max(file_size - _END.size - _LONGEST_COMMENT, 0)
    tail = read_at(file, start, file_size - start)
    if _END_SIGNATURE in tail:
        return VerificationError(Reason.TRAILING_BYTES, "", "there is something after the end record")
    return VerificationError(Reason.END_MISSING, "", "is not an archive, or only the start of one")


def read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    """Up to ``length`` bytes at ``offset``."""
    file.seek(offset)
    return file.read(length)
