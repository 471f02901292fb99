"""The items of the packages table: keys and attributes.

There is one item per name and version. An export first *claims* it (status ``exporting``, with a lease) and then
*commits* it (status ``exported``). Only committed packages can be downloaded. A claim lists the objects that its
attempts may have left in the bucket.

An accepted asynchronous export claims the item with status ``queued``. If it fails, the status becomes ``failed``, the
item contains the errors, and the name and version can be claimed again.

Once committed, only the lifecycle of a package changes; one without a signature, of an earlier version, can get one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from installhub.bundler.layout import BundleLayout
from installhub.model.artifact import PackageType
from installhub.model.lifecycle import LifecycleChange, LifecycleState
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
BUNDLE_KEY: Final = "bundleKey"
REQUEST_ID: Final = "requestId"
REQUESTED_BY: Final = "requestedBy"
REQUESTED_AT: Final = "requestedAt"
QUEUED_UNTIL: Final = "queuedUntil"
ARTIFACTS_WRITTEN: Final = "done"
ARTIFACTS_TOTAL: Final = "total"
ERRORS: Final = "errors"
LIFECYCLE: Final = "lifecycle"
LIFECYCLE_REVISION: Final = "lifecycleRevision"
LIFECYCLE_HISTORY: Final = "lifecycleHistory"
SIGNATURE: Final = "signature"
LEASE_INDEX: Final = "by-lease"
EXPORT_LEASE: Final = "export"
QUEUE_LEASE: Final = "queued"
FAILURE_LEASE: Final = "failed"


class PackageStatus(StrEnum):
    """The states of an item."""

    QUEUED = "queued"
    EXPORTING = "exporting"
    EXPORTED = "exported"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AcceptedExport:
    """An asynchronous export that was accepted over HTTP.

    Attributes:
        tenant: Tenant of the package.
        name: Name of the package.
        version: Version of the package.
        requested_by: The caller's subject.
        requested_at: When it was accepted, RFC 3339 in UTC.
        expires_at: When it fails if it has not been processed, in epoch seconds.
    """

    tenant: str
    name: str
    version: str
    requested_by: str
    requested_at: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of an attempt on a name and version.

    Attributes:
        package_id: The claimed item.
        attempt_id: The attempt, which alone can commit the claim.
        object_keys: Keys of the object that the attempt writes, and of those that earlier attempts may have left.
        queued_until: When the accepted export expires, in epoch seconds; None if the export is synchronous.
    """

    package_id: str
    attempt_id: str
    object_keys: tuple[str, ...]
    queued_until: int | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """The signature of the statement about a package, and what is needed to build the statement again.

    Attributes:
        value: The signature in base64: ECDSA on P-256 with SHA-256, in DER.
        key: ARN of the KMS key.
        hub_version: Version of the hub that signed it.
        statement_version: Version of the statement.
    """

    value: str
    key: str
    hub_version: str
    statement_version: int


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """An exported package.

    Attributes:
        description: Its id, and the description by the requester.
        tenant: Id of its tenant.
        checksum: ``sha256:<hex>`` of the bundle.
        bundle_key: Key of the bundle in the bucket.
        layout: Layout of the bundle.
        artifact_count: Number of artifacts in the bundle.
        exported_at: When it was exported, RFC 3339 in UTC.
        exported_by: For the audit trail: a caller's subject, an event source, an inbox object or an invocation.
        request_id: Id of the request, if it has one; repeating the request returns this package.
        requested_at: When the export was accepted, RFC 3339 in UTC; None if it was synchronous.
        state: Its lifecycle.
        signature: Its signature; None if it was exported before packages were signed.
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
    state: LifecycleState = field(default_factory=LifecycleState)
    signature: Signature | None = None

    @property
    def revision(self) -> str:
        """Changes whenever the lifecycle does; everything else never changes."""
        return f"{self.checksum.replace(':', '-')}-{self.state.revision}"


def primary_key(package_id: str) -> NewItem:
    """The primary key of an item."""
    return {PACKAGE_ID: {"S": package_id}}


def record_attributes(record: PackageRecord) -> NewItem:
    """The attributes of a committed item, without its key."""
    description = record.description
    attributes: NewItem = {
        TENANT: {"S": record.tenant},
        STATUS: {"S": PackageStatus.EXPORTED.value},
        "name": {"S": description.name},
        "version": {"S": description.version},
        "packageType": {"S": description.package_type.value},
        "tags": {"L": [{"S": tag} for tag in description.tags]},
        "checksum": {"S": record.checksum},
        BUNDLE_KEY: {"S": record.bundle_key},
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
    if record.signature is not None:
        attributes[SIGNATURE] = signature_attribute(record.signature)
    return attributes


def signature_attribute(signature: Signature) -> Mapping[str, Any]:
    """The value of the attribute with the signature of a package."""
    return {
        "M": {
            "value": {"S": signature.value},
            "key": {"S": signature.key},
            "hubVersion": {"S": signature.hub_version},
            "statementVersion": {"N": str(signature.statement_version)},
        }
    }


def lifecycle_attributes(state: LifecycleState) -> NewItem:
    """The attributes that contain the lifecycle of a package."""
    history = [change.as_json() for change in state.history]
    return {
        LIFECYCLE: {"S": state.lifecycle.value},
        LIFECYCLE_REVISION: {"N": str(state.revision)},
        LIFECYCLE_HISTORY: {"S": json.dumps(history, ensure_ascii=False, separators=(",", ":"))},
    }


def accepted_export_attributes(accepted: AcceptedExport) -> NewItem:
    """The attributes that an accepted export adds to a claim."""
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
"""The progress of a request and the errors it failed with; removed from a package when it is committed."""

REQUEST_ATTRIBUTES: Final = (REQUEST_ID, *ACCEPTED_EXPORT_ATTRIBUTES, *PROGRESS_ATTRIBUTES)
"""All attributes of a claim that depend on its request."""


def record_from_item(item: Item) -> PackageRecord:
    """The package in a committed item."""
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
        bundle_key=item[BUNDLE_KEY]["S"],
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
        state=_lifecycle_from_item(item),
        signature=_signature_from_item(item),
    )


def _signature_from_item(item: Item) -> Signature | None:
    if SIGNATURE not in item:
        return None
    stored = item[SIGNATURE]["M"]
    return Signature(
        value=stored["value"]["S"],
        key=stored["key"]["S"],
        hub_version=stored["hubVersion"]["S"],
        statement_version=int(stored["statementVersion"]["N"]),
    )


def _lifecycle_from_item(item: Item) -> LifecycleState:
    if LIFECYCLE_HISTORY not in item:
        return LifecycleState()
    history = json.loads(item[LIFECYCLE_HISTORY]["S"])
    return LifecycleState(tuple(map(LifecycleChange.from_json, history)), int(item[LIFECYCLE_REVISION]["N"]))


def claim_from_item(item: Item) -> Claim:
    """The claim in an item that is not committed."""
    return Claim(
        package_id=item[PACKAGE_ID]["S"],
        attempt_id=item[ATTEMPT_ID]["S"],
        object_keys=tuple(key["S"] for key in item[OBJECTS]["L"]),
        queued_until=int(item[QUEUED_UNTIL]["N"]) if QUEUED_UNTIL in item else None,
    )
