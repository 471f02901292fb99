"""Reads the structure of an archive and refuses what ZIP readers could understand differently.

Nothing is unpacked here. An archive consists of its entries, the directory and the end records, without a byte before,
between or after them, and every field has the one value that the bundle format allows.
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from installhub.model.text import is_printable
from installhub.verification.end_records import MAX_32, Directory, read_at, read_directory
from installhub.verification.limits import Limits
from installhub.verification.reasons import Reason, VerificationError

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_ZIP64_OFFSET: Final = struct.Struct("<HHQ")

_UTF8_NAMES: Final = 0x0800
_ENCRYPTED: Final = 0x2041  # traditional, strong, and of the directory
_HAS_DESCRIPTOR: Final = 0x0008
_DEFLATED: Final = 8
_TIME: Final = (0, 0x0021)  # 1980-01-01, in all bundles
_NEEDED: Final = 20
_NEEDED_ZIP64: Final = 45
_MADE_BY_UNIX: Final = 3 << 8
_MODE: Final = 0o100644
_MAX_NAME_BYTES: Final = 300


class Entry(NamedTuple):
    """An entry of the archive; offsets and sizes are in bytes.

    Attributes:
        name: Its path.
        crc32: CRC-32 of the uncompressed content.
        packed_size: Size of the compressed content.
        size: Size of the uncompressed content, as declared.
        offset: Offset of its local header.
        data_offset: Offset of the compressed content.
    """

    name: str
    crc32: int
    packed_size: int
    size: int
    offset: int
    data_offset: int

    @property
    def end(self) -> int:
        """Offset of what follows it."""
        return self.data_offset + self.packed_size


def read_entries(file: BinaryIO, limits: Limits) -> list[Entry]:
    """The entries of a bundle in the order of the directory, which has to be that of the file.

    Raises:
        VerificationError: For one of the reasons about the structure.
    """
    file_size = file.seek(0, 2)
    if file_size > limits.bundle_bytes:
        raise VerificationError(Reason.BUNDLE_TOO_LARGE, "", f"{file_size} bytes, of at most {limits.bundle_bytes}")
    directory = read_directory(file, file_size)
    if directory.entries > limits.entries:
        raise VerificationError(
            Reason.TOO_MANY_ENTRIES, "", f"{directory.entries} entries, of at most {limits.entries}"
        )
    entries = list(_central_entries(file, directory))
    _check_names(entries)
    _check_places(entries, directory)
    if sum(entry.size for entry in entries) > limits.total_bytes:
        raise VerificationError(Reason.ENTRIES_TOO_LARGE, "", f"more than {limits.total_bytes} bytes in total")
    for entry in entries:
        _check_local_header(file, entry)
    return entries


def _central_entries(file: BinaryIO, directory: Directory) -> Iterator[Entry]:
    offset, end = directory.offset, directory.offset + directory.size
    for index in range(directory.entries):
        place = f"entry {index}"
        header = read_at(file, offset, _CENTRAL.size + _MAX_NAME_BYTES + _ZIP64_OFFSET.size)
        if len(header) < _CENTRAL.size or not header.startswith(b"PK\x01\x02"):
            raise VerificationError(Reason.DIRECTORY_WRONG, place, "is not a header of the directory")
        entry, length = _central_entry(header, place)
        offset += length
        if offset > end:
            raise VerificationError(Reason.DIRECTORY_WRONG, place, "reaches beyond the directory")
        yield entry
    if offset != end:
        raise VerificationError(Reason.DIRECTORY_WRONG, "", "the directory has more than its entries")


def _central_entry(header: bytes, place: str) -> tuple[Entry, int]:
    """The entry that a header of the directory describes, and the length of the header."""
    (
        _,
        made_by,
        needed,
        flags,
        method,
        time,
        date,
        crc32,
        packed_size,
        size,
        *lengths,
        disk,
        internal,
        external,
        at,
    ) = _CENTRAL.unpack_from(header)
    name_length, extra_length, comment_length = lengths
    name = _name(header[_CENTRAL.size : _CENTRAL.size + name_length], name_length, place)
    _check_flags(flags, method, name)
    _check_kind(external, name)
    extra = header[_CENTRAL.size + name_length : _CENTRAL.size + name_length + extra_length]
    is_zip64 = at == MAX_32
    if is_zip64:
        at = _wide_offset(extra, name)
    elif extra_length:
        raise VerificationError(Reason.ENTRY_EXTRA_FIELDS, name)
    version = _NEEDED_ZIP64 if is_zip64 else _NEEDED
    constants = (made_by, needed, (time, date), comment_length, disk, internal, external)
    if constants != (_MADE_BY_UNIX | version, version, _TIME, 0, 0, 0, _MODE << 16):
        raise VerificationError(Reason.ENTRY_ATTRIBUTES, name, "has other attributes than the entries of a bundle")
    entry = Entry(name, crc32, packed_size, size, at, at + _LOCAL.size + name_length)
    return entry, _CENTRAL.size + name_length + extra_length


def _name(encoded: bytes, length: int, place: str) -> str:
    try:
        name = encoded.decode()
    except UnicodeDecodeError as error:
        raise VerificationError(Reason.NAME_NOT_TEXT, place, "is not UTF-8") from error
    if not name or length > _MAX_NAME_BYTES or not is_printable(name):
        raise VerificationError(Reason.NAME_NOT_TEXT, place, "is empty, too long or unprintable")
    return name


def _check_flags(flags: int, method: int, name: str) -> None:
    if flags & _ENCRYPTED:
        raise VerificationError(Reason.ENTRY_ENCRYPTED, name)
    if flags & _HAS_DESCRIPTOR:
        raise VerificationError(Reason.ENTRY_HAS_DESCRIPTOR, name)
    if flags != _UTF8_NAMES:
        raise VerificationError(Reason.ENTRY_FLAGS, name, f"{flags:#06x}")
    if method != _DEFLATED:
        raise VerificationError(Reason.ENTRY_METHOD, name, f"is compressed by method {method}, not by deflate")


def _check_kind(external: int, name: str) -> None:
    mode = external >> 16
    if not stat.S_ISREG(mode) or external & 0x10 or name.endswith("/"):
        raise VerificationError(Reason.ENTRY_NOT_A_FILE, name, "is a link, a directory or a device")


def _wide_offset(extra: bytes, name: str) -> int:
    if len(extra) == _ZIP64_OFFSET.size:
        kind, length, offset = _ZIP64_OFFSET.unpack(extra)
        if (kind, length) == (1, 8) and offset >= MAX_32:
            return int(offset)
    raise VerificationError(Reason.ENTRY_EXTRA_FIELDS, name, "has another ZIP64 field than the offset it needs")


def _check_names(entries: list[Entry]) -> None:
    """Refuse names that lead out of a folder, and those that are the same on some file system."""
    seen = set()
    for name in (entry.name for entry in entries):
        if "\\" in name:
            raise VerificationError(Reason.NAME_HAS_BACKSLASH, name)
        if name.startswith("/") or name[1:2] == ":":
            raise VerificationError(Reason.NAME_ABSOLUTE, name)
        if not {"", ".", ".."}.isdisjoint(name.split("/")):
            raise VerificationError(Reason.NAME_CLIMBS, name)
        if name.casefold() in seen:
            raise VerificationError(Reason.ENTRY_DUPLICATE, name)
        seen.add(name.casefold())


def _check_places(entries: list[Entry], directory: Directory) -> None:
    """Refuse archives with anything before, between or instead of the entries."""
    end = 0
    for entry in entries:
        if entry.offset < end:
            raise VerificationError(Reason.ENTRIES_OVERLAP, entry.name)
        if entry.offset > end:
            reason = Reason.GAP_BETWEEN_ENTRIES if end else Reason.LEADING_BYTES
            raise VerificationError(reason, entry.name, f"starts {entry.offset - end} bytes too late")
        end = entry.end
    if end > directory.offset:
        raise VerificationError(Reason.ENTRIES_OVERLAP, "", "the last entry reaches into the directory")
    if end < directory.offset:
        reason = Reason.GAP_BETWEEN_ENTRIES if entries else Reason.LEADING_BYTES
        raise VerificationError(reason, "", "there is something before the directory")


def _check_local_header(file: BinaryIO, entry: Entry) -> None:
    name = entry.name.encode()
    expected = _LOCAL.pack(
        *(b"PK\x03\x04", _NEEDED, _UTF8_NAMES, _DEFLATED, *_TIME),
        *(entry.crc32, entry.packed_size, entry.size, len(name), 0),
    )
    if read_at(file, entry.offset, len(expected) + len(name)) != expected + name:
        raise VerificationError(Reason.LOCAL_HEADER_DIFFERS, entry.name, "says something else than the directory")
