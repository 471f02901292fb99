"""The items of the packages table.

A version is first *claimed* (status ``exporting``, with a lease) and then *committed* (status ``exported``) in the
same item. Only committed packages can be downloaded. A claim lists the objects its attempts may have left in the
bucket.

A request that was accepted to be done later claims its version as ``queued``; should it be refused, the item says
``failed`` and why, and holds the version no longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from installhub.artifacts import PackageType
from installhub.bundler import BundleLayout, PackageDescription

if TYPE_CHECKING:
    from installhub.catalog.items import Item, NewItem

PACKAGE_ID: Final = "packageId"
TENANT: Final = "tenantId"
STATUS: Final = "status"
ATTEMPT: Final = "attemptId"
LEASE_KIND: Final = "leaseKind"
LEASE_UNTIL: Final = "leaseUntil"
OBJECTS: Final = "objects"
REQUEST: Final = "requestId"
REQUESTED_BY: Final = "requestedBy"
REQUESTED_AT: Final = "requestedAt"
QUEUED_UNTIL: Final = "queuedUntil"
DONE: Final = "done"
TOTAL: Final = "total"
ERRORS: Final = "errors"
LEASE_INDEX: Final = "by-lease"
EXPORT_LEASE: Final = "export"
QUEUE_LEASE: Final = "queued"
FAILURE_LEASE: Final = "failed"


class PackageStatus(StrEnum):
    """Where a package is on its way."""

    QUEUED = "queued"
    EXPORTING = "exporting"
    EXPORTED = "exported"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A request that somebody was told would be done later: its requester may look how far it is.

    Attributes:
        tenant: Whose package it will be.
        name: Of the package.
        version: Of the package.
        requested_by: Who asked.
        requested_at: When it was accepted, RFC 3339 in UTC.
        until: When it is given up if nothing came of it, in epoch seconds.
    """

    tenant: str
    name: str
    version: str
    requested_by: str
    requested_at: str
    until: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt's hold on a name and version.

    Attributes:
        package_id: What is claimed.
        attempt_id: Who holds it; only this attempt can commit.
        objects: Keys that earlier attempts may have left in the bucket, and the one this attempt writes.
        queued_until: If it is for an accepted request, when that is given up, in epoch seconds.
    """

    package_id: str
    attempt_id: str
    objects: tuple[str, ...]
    queued_until: int | None = None


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """A committed package.

    Attributes:
        description: What the requester said of it, and its id.
        tenant: Whose it is.
        checksum: ``sha256:<hex>`` of the bundle.
        bundle_key: Where the bundle is in the bucket.
        layout: Where things are in the bundle.
        artifact_count: Artifacts in the bundle.
        exported_at: When, RFC 3339 in UTC.
        exported_by: The caller's subject, or the source of the event, for the audit trail.
        request_id: The request that made it, if it has an id: coming again it finds its own package.
        requested_at: When that request was accepted, if it was one to be done later.
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


def key_of(package_id: str) -> NewItem:
    """A primary key."""
    return {PACKAGE_ID: {"S": package_id}}


def attributes_of(record: PackageRecord) -> NewItem:
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
        attributes[REQUEST] = {"S": record.request_id}
    if record.requested_at is not None:
        attributes[REQUESTED_AT] = {"S": record.requested_at}
    return attributes


def attributes_of_acceptance(acceptance: Acceptance) -> NewItem:
    """The attributes by which an accepted request can be looked at."""
    return {
        TENANT: {"S": acceptance.tenant},
        "name": {"S": acceptance.name},
        "version": {"S": acceptance.version},
        REQUESTED_BY: {"S": acceptance.requested_by},
        REQUESTED_AT: {"S": acceptance.requested_at},
        QUEUED_UNTIL: {"N": str(acceptance.until)},
    }


ACCEPTANCE_ATTRIBUTES: Final = (TENANT, "name", "version", REQUESTED_BY, REQUESTED_AT, QUEUED_UNTIL)
PASSING_ATTRIBUTES: Final = (DONE, TOTAL, ERRORS)
"""What is said of a request on its way, and of no package."""


def record_of(item: Item) -> PackageRecord:
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
        request_id=item[REQUEST]["S"] if REQUEST in item else None,
        requested_at=item[REQUESTED_AT]["S"] if REQUESTED_AT in item else None,
    )


def claim_of(item: Item) -> Claim:
    """The claim that an uncommitted item holds."""
    return Claim(
        package_id=item[PACKAGE_ID]["S"],
        attempt_id=item[ATTEMPT]["S"],
        objects=tuple(key["S"] for key in item[OBJECTS]["L"]),
        queued_until=int(item[QUEUED_UNTIL]["N"]) if QUEUED_UNTIL in item else None,
    )
