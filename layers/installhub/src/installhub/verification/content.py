"""Unpacks entries within their declared size, and checks what is in them."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from installhub.model.definition import canonical_json
from installhub.model.strict_json import InvalidJsonError, parse_json
from installhub.verification.archive import Entry
from installhub.verification.end_records import read_at
from installhub.verification.reasons import Reason, VerificationError

_CHUNK_BYTES: Final = 64 * 1024


def read_content(file: BinaryIO, entry: Entry, max_bytes: int) -> bytes:
    """The uncompressed content of an entry.

    Memory is allocated as the content is unpacked, and never more than its declared size.

    Raises:
        VerificationError: EntryTooLarge if the declared size is over ``max_bytes``, DataDamaged, SizeWrong or CrcWrong.
    """
    if entry.size > max_bytes:
        raise VerificationError(Reason.ENTRY_TOO_LARGE, entry.name, f"{entry.size} bytes, of at most {max_bytes}")
    content = bytearray()
    for chunk in _unpacked(file, entry):
        content += chunk
        if len(content) > entry.size:
            raise VerificationError(Reason.SIZE_WRONG, entry.name, f"unpacks to more than {entry.size} bytes")
    if len(content) != entry.size:
        raise VerificationError(Reason.SIZE_WRONG, entry.name, f"has {len(content)} bytes instead of {entry.size}")
    if zlib.crc32(content) != entry.crc32:
        raise VerificationError(Reason.CRC_WRONG, entry.name)
    return bytes(content)


def _unpacked(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """Unpack piece by piece: neither the packed nor an unpacked piece is larger than a chunk."""
    stream = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        for offset in range(entry.data_offset, entry.end, _CHUNK_BYTES):
            packed = read_at(file, offset, min(_CHUNK_BYTES, entry.end - offset))
            while packed:
                yield stream.decompress(packed, _CHUNK_BYTES)
                packed = stream.unconsumed_tail
        while not stream.eof and (rest := stream.decompress(b"", _CHUNK_BYTES)):
            yield rest
    except zlib.error as error:
        raise VerificationError(Reason.DATA_DAMAGED, entry.name, "is not a deflate stream") from error
    if not stream.eof or stream.unused_data:
        raise VerificationError(Reason.DATA_DAMAGED, entry.name, "is not exactly one deflate stream")


def check_definition(content: bytes, entry: Entry, sha256: str) -> None:
    """Check the digest of a definition, and that it is canonical JSON.

    Raises:
        VerificationError: DigestWrong, NotJson or NotCanonical.
    """
    if hashlib.sha256(content).hexdigest() != sha256:
        raise VerificationError(Reason.DIGEST_WRONG, entry.name, "has another SHA-256 than in the manifest")
    try:
        is_canonical = canonical_json(json_value(content, entry.name)) == content
    except (ValueError, RecursionError):  # an infinity, a lone surrogate
        is_canonical = False
    if not is_canonical:
        raise VerificationError(Reason.NOT_CANONICAL, entry.name, "is JSON, but not in its canonical form")


def json_value(content: bytes, name: str) -> Any:  # noqa: ANN401  # any JSON value
    """The value of an entry.

    Raises:
        VerificationError: NotJson.
    """
    try:
        return parse_json(content)
    except InvalidJsonError as error:
        raise VerificationError(Reason.NOT_JSON, name, str(error)) from error
