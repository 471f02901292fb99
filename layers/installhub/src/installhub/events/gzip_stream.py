"""Decompresses gzip as a stream, with memory that depends neither on its size nor on its compression ratio."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

_GZIP: Final = 16 + zlib.MAX_WBITS
_MAX_OUTPUT_BYTES: Final = 1024 * 1024


class CorruptGzipError(Exception):
    """Bytes that are not gzip, are damaged, or end too early."""


def gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the content of a gzip stream, of one or several members (RFC 1952), in pieces of at most 1 MiB.

    As other programs do, it skips zeros after a member. No bytes at all are an empty content.

    Raises:
        CorruptGzipError: There is damage. What was yielded before is undamaged as far as can be known; the last MiB
            before the damage may be missing.
    """
    member = None
    is_first = True
    for chunk in chunks:
        data = chunk
        while data:
            if member is None:
                data = data if is_first else data.lstrip(b"\0")
                if not data:
                    break
                member, is_first = zlib.decompressobj(_GZIP), False
            try:
                content = member.decompress(data, _MAX_OUTPUT_BYTES)
            except zlib.error as error:
                raise CorruptGzipError(f"the file is not gzip, or is damaged: {error}") from None
            if content:
                yield content
            data = member.unconsumed_tail
            if member.eof:
                data, member = member.unused_data, None
    if member is not None:
        raise CorruptGzipError("the gzip stream ends too early; the file is incomplete")
