"""Unpacks a single entry of an archive, which was read without the others."""

from __future__ import annotations

import struct

import deflate

from installhub.bundler.zip_records import LOCAL_HEADER, LOCAL_SIGNATURE


class DamagedEntryError(Exception):
    """An entry of an archive is not what was written."""


def header_size(path: str) -> int:
    """The size of the local header of an entry in bytes."""
    return LOCAL_HEADER.size + len(path.encode())


def unpack_entry(data: bytes, path: str, size: int) -> bytes:
    """The content of an entry.

    Args:
        data: The bytes of the entry, from its local header to its end.
        path: Its name.
        size: Its uncompressed size in bytes.

    Raises:
        DamagedEntryError: This is not such an entry, or its content does not have its CRC.
    """
    name = path.encode()
    start = header_size(path)
    try:
        signature, *_, crc32, packed_size, stored_size, name_size, extra_size = LOCAL_HEADER.unpack_from(data)
        found = (signature, data[LOCAL_HEADER.size : start], packed_size, stored_size, name_size, extra_size)
        if found != (LOCAL_SIGNATURE, name, len(data) - start, size, len(name), 0):
            raise DamagedEntryError(f"{path} has another header")
        content = bytes(deflate.deflate_decompress(data[start:], size))
    except (struct.error, deflate.DeflateError) as error:
        raise DamagedEntryError(f"{path} cannot be unpacked") from error
    if len(content) != size or deflate.crc32(content, 0) != crc32:
        raise DamagedEntryError(f"{path} has another content")
    return content
