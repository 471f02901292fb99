"""The items of the packages table: keys and attributes.

A version is first *claimed* (status ``exporting``, with a lease) and then *committed* (status ``exported``) in the
same item. Only committed packages can be downloaded. A claim lists the objects that its attempts may have left in the
bucket.

An accepted asynchronous export claims its version as ``queued``. If it is refused, the item becomes ``failed``, holds
the reasons, and releases the version.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from installhub.bundler.layout import BundleLayout
from installhub.model.artifact import PackageType
from installhub.model.package import PackageDescription

if TYPE_CHECKING:
    from installhub.runtime.dynamodb import Item, NewItem

PACKAGE_ID: Final = "packageId"
TENANT: Final = "tenantId"
STATUS: Final = "status"
ATTEMPT_ID: Final = "attemptId"
LEASE_KIND: Final = "leaseKind"
LEASE_UNTIL: Final = "leaseUntil"
OBJECTS: Final = "objects"
REQUEST_ID: Final = "requestId"
REQUESTED_BY: Final = "requestedBy"
REQUESTED_AT: Final = "requestedAt"
QUEUED_UNTIL: Final = "queuedUntil"
ARTIFACTS_WRITTEN: Final = "done"
ARTIFACTS_TOTAL: Final = "total"
ERRORS: Final = "errors"
LEASE_INDEX: Final = "by-lease"
EXPORT_LEASE: Final = "export"
QUEUE_LEASE: Final = "queued"
FAILURE_LEASE: Final = "failed"


class PackageStatus(StrEnum):
    """The stages of a package."""

    QUEUED = "queued"
    EXPORTING = "exporting"
    EXPORTED = "exported"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AcceptedExport:
    """An asynchronous export that was accepted; its requester can follow its progress.

    Attributes:
        tenant: The tenant the package will belong to.
        name: Name of the package.
        version: Version of the package.
        requested_by: The requester.
        requested_at: When it was accepted, RFC 3339 in UTC.
        expires_at: When it fails if it has not been exported by then, in epoch seconds.
    """

    tenant: str
    name: str
    version: str
    requested_by: str
    requested_at: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt's hold on a name and version.

    Attributes:
        package_id: What is claimed.
        attempt_id: Who holds it; only this attempt can commit.
        object_keys: Objects that earlier attempts may have left in the bucket, and the one this attempt writes.
        queued_until: For an accepted export, when it expires, in epoch seconds.
    """

    package_id: str
    attempt_id: str
    object_keys: tuple[str, ...]
    queued_until: int | None = None


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """An exported package.

    Attributes:
        description: What the requester said about it, and its id.
        tenant: The tenant it belongs to.
        checksum: ``sha256:<hex>`` of the bundle.
        bundle_key: Where the bundle is in the bucket.
        layout: Where things are in the bundle.
        artifact_count: Artifacts in the bundle.
        exported_at: When, RFC 3339 in UTC.
        exported_by: The caller's subject, or the source of the event, for the audit trail.
        request_id: The id of the request, if it has one; a repetition of the request finds this package by it.
        requested_at: When that request was accepted, if it was asynchronous.
    """

    description: PackageDescription
    tenant: str
    checksum: str
    bundle_key: str
    layout: BundleLayout
    artifact_count: int
    exported_at: str
    exported_by: str
    request_id: str | None = None
    requested_at: str | None = None


def primary_key(package_id: str) -> NewItem:
    """A primary key."""
    return {PACKAGE_ID: {"S": package_id}}


def record_attributes(record: PackageRecord) -> NewItem:
    """The attributes that a commit adds to the claim."""
    description = record.description
    attributes: NewItem = {
        TENANT: {"S": record.tenant},
        STATUS: {"S": PackageStatus.EXPORTED.value},
        "name": {"S": description.name},
        "version": {"S": description.version},
        "packageType": {"S": description.package_type.value},
        "tags": {"L": [{"S": tag} for tag in description.tags]},
        "checksum": {"S": record.checksum},
        "bundleKey": {"S": record.bundle_key},
        "bundleSize": {"N": str(record.layout.size)},
        "manifestOffset": {"N": str(record.layout.manifest_offset)},
        "manifestPackedSize": {"N": str(record.layout.manifest_packed_size)},
        "manifestSize": {"N": str(record.layout.manifest_size)},
        "artifactCount": {"N": str(record.artifact_count)},
        "exportedAt": {"S": record.exported_at},
        "exportedBy": {"S": record.exported_by},
    }
    if description.description is not None:
        attributes["description"] = {"S": description.description}
    if description.author is not None:
        attributes["author"] = {"S": description.author}
    if record.request_id is not None:
        attributes[REQUEST_ID] = {"S": record.request_id}
    if record.requested_at is not None:
        attributes[REQUESTED_AT] = {"S": record.requested_at}
    return attributes


def accepted_export_attributes(accepted: AcceptedExport) -> NewItem:
    """The attributes by which an accepted export can be followed."""
    return {
        TENANT: {"S": accepted.tenant},
        "name": {"S": accepted.name},
        "version": {"S": accepted.version},
        REQUESTED_BY: {"S": accepted.requested_by},
        REQUESTED_AT: {"S": accepted.requested_at},
        QUEUED_UNTIL: {"N": str(accepted.expires_at)},
    }


ACCEPTED_EXPORT_ATTRIBUTES: Final = (TENANT, "name", "version", REQUESTED_BY, REQUESTED_AT, QUEUED_UNTIL)
PROGRESS_ATTRIBUTES: Final = (ARTIFACTS_WRITTEN, ARTIFACTS_TOTAL, ERRORS)
"""How far a request is, and why it failed; a package has neither."""

REQUEST_ATTRIBUTES: Final = (REQUEST_ID, *ACCEPTED_EXPORT_ATTRIBUTES, *PROGRESS_ATTRIBUTES)
"""Everything that a claim holds of its request."""


def record_from_item(item: Item) -> PackageRecord:
    """The record that a committed item holds."""
    return PackageRecord(
        description=PackageDescription(
            package_id=item[PACKAGE_ID]["S"],
            name=item["name"]["S"],
            version=item["version"]["S"],
            package_type=PackageType(item["packageType"]["S"]),
            description=item["description"]["S"] if "description" in item else None,
            author=item["author"]["S"] if "author" in item else None,
            tags=tuple(tag["S"] for tag in item["tags"]["L"]),
        ),
        tenant=item[TENANT]["S"],
        checksum=item["checksum"]["S"],
        bundle_key=item["bundleKey"]["S"],
        layout=BundleLayout(
            size=int(item["bundleSize"]["N"]),
            manifest_offset=int(item["manifestOffset"]["N"]),
            manifest_packed_size=int(item["manifestPackedSize"]["N"]),
            manifest_size=int(item["manifestSize"]["N"]),
        ),
        artifact_count=int(item["artifactCount"]["N"]),
        exported_at=item["exportedAt"]["S"],
        exported_by=item["exportedBy"]["S"],
        request_id=item[REQUEST_ID]["S"] if REQUEST_ID in item else None,
        requested_at=item[REQUESTED_AT]["S"] if REQUESTED_AT in item else None,
    )


def claim_from_item(item: Item) -> Claim:
    """The claim that an uncommitted item holds."""
    return Claim(
        package_id=item[PACKAGE_ID]["S"],
        attempt_id=item[ATTEMPT_ID]["S"],
        object_keys=tuple(key["S"] for key in item[OBJECTS]["L"]),
        queued_until=int(item[QUEUED_UNTIL]["N"]) if QUEUED_UNTIL in item else None,
    )
