"""Reads manifests from bundles."""

from __future__ import annotations

import json
from typing import Any

from installhub.bundler.entry_names import MANIFEST_PATH
from installhub.bundler.stored_entry import header_size, unpack_entry
from installhub.packages.bundle_store import BundleStore
from installhub.packages.records import PackageRecord


def read_manifest(bundles: BundleStore, record: PackageRecord) -> dict[str, Any]:
    """The manifest in a package's bundle, read with one ranged request.

    Raises:
        DamagedEntryError: It is not what was written.
    """
    manifest: dict[str, Any] = json.loads(read_manifest_bytes(bundles, record))
    return manifest


def read_manifest_bytes(bundles: BundleStore, record: PackageRecord) -> bytes:
    """The manifest as it is in a package's bundle, read with one ranged request.

    Raises:
        DamagedEntryError: It is not what was written.
    """
    layout = record.layout
    header = header_size(MANIFEST_PATH)
    entry = bundles.read_range(record.bundle_key, layout.manifest_offset - header, header + layout.manifest_packed_size)
    return unpack_entry(entry, MANIFEST_PATH, layout.manifest_size)
