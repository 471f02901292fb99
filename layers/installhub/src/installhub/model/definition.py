"""Definitions as bytes: canonical JSON, compressed when an artifact is published and exported without recompression."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import deflate

# libdeflate, unlike the various builds of zlib, produces the same bytes on every processor; its version is pinned.
# Changing the levels changes the checksum of every new bundle. For small definitions, the higher level costs the most
# time and saves the fewest bytes (docs/decisions/0003).
_LOW_LEVEL: Final = 5
_HIGH_LEVEL: Final = 6
_HIGH_FROM_BYTES: Final = 32 * 1024


@dataclass(frozen=True, slots=True)
class PackedDefinition:
    """A definition ready to be copied into a ZIP.

    Attributes:
        chunks: The raw deflate stream (RFC 1951), in pieces.
        packed_size: Size of the stream in bytes.
        crc32: CRC-32 of the uncompressed bytes.
        size: Uncompressed size in bytes.
    """

    chunks: Iterable[bytes]
    packed_size: int
    crc32: int
    size: int


def canonical_json(value: Any) -> bytes:  # noqa: ANN401  # any JSON value is a definition
    """``value`` as JSON in UTF-8 with sorted keys and no whitespace, so that equal values have equal digests.

    Raises:
        ValueError: ``value`` contains NaN, an infinity, a lone surrogate or a circular reference.
        TypeError: ``value`` is not a JSON value.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def sha256_hex(data: bytes) -> str:
    """The SHA-256 digest of ``data`` as lowercase hex."""
    return hashlib.sha256(data).hexdigest()


def pack(data: bytes) -> PackedDefinition:
    """Deflate ``data`` with the settings of all bundles."""
    level = _LOW_LEVEL if len(data) < _HIGH_FROM_BYTES else _HIGH_LEVEL
    packed = bytes(deflate.deflate_compress(data, level))
    return PackedDefinition(chunks=(packed,), packed_size=len(packed), crc32=deflate.crc32(data, 0), size=len(data))


def unpack(packed: bytes, size: int) -> bytes:
    """The inverse of :func:`pack`; ``size`` is the uncompressed size in bytes."""
    return bytes(deflate.deflate_decompress(packed, size))
