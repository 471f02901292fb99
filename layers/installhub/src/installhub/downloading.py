"""Looks packages up and hands their bundles out."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection
from typing import Any, Final
from urllib.parse import quote

from installhub.definitions import unpack
from installhub.errors import ErrorCode, InstallHubError
from installhub.packages import BundleStore, PackageRecord, PackageStore, PendingExport, PendingStore

LINK_SECONDS: Final = 300
"""How long a link to a large bundle lives."""

_PACKAGE_ID: Final = re.compile(r"pkg-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NO_SLUG_CHARACTERS: Final = re.compile(r"[^a-z0-9]+")
# RFC 8187, 3.2.1: what a filename* value may hold as it stands.
_PLAIN_IN_EXT_VALUE: Final = "!#$&+-.^_`|~"
_PATH_SEPARATORS: Final = re.compile(r"[/\\]")
_MAX_SLUG: Final = 100


def is_package_id(text: str) -> bool:
    """Whether ``text`` has the form of a package's id."""
    return _PACKAGE_ID.fullmatch(text) is not None


def find_package(packages: PackageStore, package_id: str, tenants: Collection[str]) -> PackageRecord:
    """The package ``package_id`` of one of ``tenants``.

    Raises:
        InstallHubError: PackageNotFound, alike whether there is none or it is somebody else's.
    """
    record = packages.find_of(package_id, tenants) if is_package_id(package_id) else None
    if record is None:
        raise InstallHubError.of(ErrorCode.PACKAGE_NOT_FOUND)
    return record


def look_for_package(
    pending: PendingStore, package_id: str, tenants: Collection[str], now: int
) -> PackageRecord | PendingExport:
    """The package ``package_id`` of one of ``tenants``, or the accepted request for it.

    Raises:
        InstallHubError: PackageNotFound, alike whether there is neither or it is somebody else's.
    """
    found = pending.look_of(package_id, tenants, now) if is_package_id(package_id) else None
    if found is None:
        raise InstallHubError.of(ErrorCode.PACKAGE_NOT_FOUND)
    return found


def read_manifest(bundles: BundleStore, record: PackageRecord) -> dict[str, Any]:
    """The manifest out of a package's bundle; nothing else of the bundle is read."""
    layout = record.layout
    packed = bundles.read_range(record.bundle_key, layout.manifest_offset, layout.manifest_packed_size)
    manifest: dict[str, Any] = json.loads(unpack(packed, layout.manifest_size))
    return manifest


def entity_tag(record: PackageRecord) -> str:
    """The strong validator of a package's bundle (RFC 9110, 8.8.3)."""
    return f'"{record.checksum.replace(":", "-")}"'


def is_unchanged(entity: str, if_none_match: str | None) -> bool:
    """Whether a client that sent ``If-None-Match`` has ``entity`` already (RFC 9110, 13.1.2: weak comparison)."""
    if if_none_match is None:
        return False
    known = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in known or entity in known


def content_disposition(record: PackageRecord) -> str:
    """The name to save a bundle under (RFC 6266): ASCII, and the real one beside it where that differs."""
    name, version = record.description.name, record.description.version
    plain = f'attachment; filename="{_slug(name)}-{version}.zip"'
    if name.isascii():
        return plain
    real = f"{_PATH_SEPARATORS.sub('-', name).strip()}-{version}.zip"
    return f"{plain}; filename*=UTF-8''{quote(real, safe=_PLAIN_IN_EXT_VALUE)}"


def _slug(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NO_SLUG_CHARACTERS.sub("-", ascii_name).strip("-")[:_MAX_SLUG].rstrip("-") or "package"
