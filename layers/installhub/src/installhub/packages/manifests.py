"""Reads manifests from bundles."""

from __future__ import annotations

import json
from typing import Any

from installhub.model.definition import unpack
from installhub.packages.bundle_store import BundleStore
from installhub.packages.records import PackageRecord


def read_manifest(bundles: BundleStore, record: PackageRecord) -> dict[str, Any]:
    """The manifest in a package's bundle, read with one ranged request."""
    layout = record.layout
    packed = bundles.read_range(record.bundle_key, layout.manifest_offset, layout.manifest_packed_size)
    manifest: dict[str, Any] = json.loads(unpack(packed, layout.manifest_size))
    return manifest
