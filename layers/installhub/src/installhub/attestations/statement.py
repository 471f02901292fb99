"""The statement that is signed about a package: an in-toto Statement v1.

It is not stored: it is a function of the package's record and of its manifest, so it can be built again, byte for byte,
whatever its size. A change that yields other bytes therefore needs a new version, next to those of signed packages.
"""

from __future__ import annotations

from typing import Any, Final

from installhub.model.definition import canonical_json, sha256_hex
from installhub.model.package import file_name
from installhub.packages.records import PackageRecord

STATEMENT_VERSION: Final = 1
"""Version of the statements that new packages get."""

PREDICATE_TYPE: Final = "urn:installhub:predicate:export:1"
_STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
_KINDS_BY_REQUEST_ID: Final = ("event", "s3", "invoke")


def statement_of(record: PackageRecord, manifest: dict[str, Any], manifest_bytes: bytes, hub_version: str) -> bytes:
    """The statement about a package, as canonical JSON.

    Args:
        record: The package; only what never changes is used.
        manifest: Its manifest.
        manifest_bytes: The manifest as it is in the bundle.
        hub_version: Version of the hub that signs the package.
    """
    description = record.description
    predicate = {
        "packageId": description.package_id,
        "name": description.name,
        "version": description.version,
        "tenantDigest": sha256_hex(record.tenant.encode()),
        "exportedAt": record.exported_at,
        "exportedByKind": _export_kind(record),
        "hubVersion": hub_version,
        "manifestDigest": {"sha256": sha256_hex(manifest_bytes)},
        "materials": [
            {"name": artifact["path"], "digest": {"sha256": artifact["sha256"]}} for artifact in manifest["artifacts"]
        ],
    }
    subject = {
        "name": file_name(description.name, description.version),
        "digest": {"sha256": record.checksum.removeprefix("sha256:")},
    }
    return canonical_json(
        {"_type": _STATEMENT_TYPE, "subject": [subject], "predicateType": PREDICATE_TYPE, "predicate": predicate}
    )


def _export_kind(record: PackageRecord) -> str:
    """How the export was requested. A caller's subject may look like an event source, the id of a request cannot."""
    if record.request_id is None:  # an HTTP request or an invocation without a key
        return "invoke" if record.exported_by == "invoke" else "http"
    kind = record.request_id.partition(":")[0]
    return kind if kind in _KINDS_BY_REQUEST_ID and record.requested_at is None else "http"
