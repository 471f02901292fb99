"""Whose lines a dropped file of artifacts has."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from enum import Enum, auto

from installhub.contract.artifact_documents import MAX_LINE_BYTES
from installhub.events.drop_run import GZIP_SUFFIX
from installhub.events.gzip_stream import CorruptGzipError, gunzip
from installhub.events.line_reader import read_lines


class Share(Enum):
    """The share that a tenant has in a file."""

    NONE = auto()
    SOME = auto()
    ALL = auto()


def share_of(tenant: str, key: str, chunks: Iterable[bytes]) -> Share:
    """The share of ``tenant`` in the lines of a file. Unreadable lines count for it if they contain its id.

    Args:
        tenant: Id of the tenant.
        key: Key of the file.
        chunks: The bytes of the file.
    """
    mine = others = False
    with suppress(CorruptGzipError):
        for line in read_lines(gunzip(chunks) if key.endswith(GZIP_SUFFIX) else chunks, MAX_LINE_BYTES):
            owner = _tenant_of(line.content or b"")
            if owner == tenant or (owner is None and tenant.encode() in (line.content or b"")):
                mine = True
            elif owner is not None:
                others = True
            if mine and others:
                break
    if not mine:
        return Share.NONE
    return Share.SOME if others else Share.ALL


def _tenant_of(line: bytes) -> str | None:
    with suppress(ValueError, RecursionError):
        document = json.loads(line)
        if isinstance(document, dict) and isinstance(document.get("tenantId"), str):
            return str(document["tenantId"])
    return None
