"""Headers of a bundle: its validator and the file name to save it under."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote

from installhub.packages.records import PackageRecord

_NO_SLUG_CHARACTERS: Final = re.compile(r"[^a-z0-9]+")
# RFC 8187, 3.2.1: the characters that a filename* value may contain unencoded.
_PLAIN_IN_EXT_VALUE: Final = "!#$&+-.^_`|~"
_PATH_SEPARATORS: Final = re.compile(r"[/\\]")
_MAX_SLUG: Final = 100


def entity_tag(record: PackageRecord) -> str:
    """The strong validator of a package's bundle (RFC 9110, 8.8.3)."""
    return f'"{record.checksum.replace(":", "-")}"'


def is_not_modified(entity: str, if_none_match: str | None) -> bool:
    """Whether a client that sent ``If-None-Match`` already has ``entity`` (RFC 9110, 13.1.2: weak comparison)."""
    if if_none_match is None:
        return False
    known = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in known or entity in known


def content_disposition(record: PackageRecord) -> str:
    """The file name to save a bundle under (RFC 6266): in ASCII, and also the real name if it differs."""
    name, version = record.description.name, record.description.version
    plain = f'attachment; filename="{_slug(name)}-{version}.zip"'
    if name.isascii():
        return plain
    real = f"{_PATH_SEPARATORS.sub('-', name).strip()}-{version}.zip"
    return f"{plain}; filename*=UTF-8''{quote(real, safe=_PLAIN_IN_EXT_VALUE)}"


def _slug(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NO_SLUG_CHARACTERS.sub("-", ascii_name).strip("-")[:_MAX_SLUG].rstrip("-") or "package"
