"""Packages in the packages table: claims, commits and reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from installhub.packages import records
from installhub.packages.records import AcceptedExport, Claim, PackageRecord, PackageStatus, Signature
from installhub.packages.table import (
    PackageTable,
    belongs_to_request,
    has_status,
    item_request_id,
    lease_ended_before,
)
from installhub.runtime.dynamodb import Attribute, Condition, Update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.model.lifecycle import LifecycleState
    from installhub.runtime.dynamodb import Item, NewItem


@dataclass(frozen=True, slots=True)
class PackageStore:
    """Claims and packages in the packages table. Times are in epoch seconds.

    Attributes:
        client: DynamoDB.
        table: Name of the packages table.
    """

    client: DynamoDBClient
    table: str

    def find(self, package_id: str) -> PackageRecord | None:
        """The exported package ``package_id``, or None."""
        return _exported(self._items.get(package_id))

    def find_for_tenants(self, package_id: str, tenants: Collection[str]) -> PackageRecord | None:
        """The exported package ``package_id`` if it belongs to one of ``tenants``, else None."""
        return _exported(self._items.get_for_tenants(package_id, tenants))

    def is_taken(self, package_id: str, now: int, *, request_id: str | None = None) -> bool:
        """Whether another request than ``request_id`` has exported ``package_id``, or holds an unexpired claim."""
        item = self._items.get(package_id)
        if item is None or (request_id is not None and item_request_id(item) == request_id):
            return False
        return _is_held(item, now)

    def claim(  # noqa: PLR0913  # one write takes all of them
        self,
        package_id: str,
        attempt_id: str,
        object_key: str,
        *,
        now: int,
        lease_until: int,
        request_id: str | None = None,
        accepted: AcceptedExport | None = None,
        total: int = 0,
    ) -> Claim:
        """Claim a name and version for an attempt.

        An expired claim is taken over, including the objects that its attempt may have left behind, and so is a claim
        that the same request holds while it is queued.

        Args:
            package_id: The item to claim.
            attempt_id: Id of the attempt.
            object_key: Key of the bundle that the attempt will write.
            now: The current time.
            lease_until: When the claim expires.
            request_id: Id of the request, if it has one.
            accepted: The accepted export, if the export is asynchronous.
            total: Number of artifacts in the closure, for the progress of an asynchronous export.

        Raises:
            VersionHeldError: The package exists, or another attempt holds a claim.
        """
        attributes: NewItem = {}
        if accepted is not None:
            attributes = {
                **records.accepted_export_attributes(accepted),
                records.ARTIFACTS_TOTAL: {"N": str(total)},
            }
        condition = (
            Attribute(records.PACKAGE_ID).not_exists()
            | (has_status(PackageStatus.EXPORTING) & Attribute(records.ATTEMPT_ID).equals(attempt_id))
            | has_status(PackageStatus.FAILED)
            | (has_status(PackageStatus.EXPORTING) & lease_ended_before(now))
            | (has_status(PackageStatus.QUEUED) & lease_ended_before(now))
        )
        if request_id is not None:
            attributes[records.REQUEST_ID] = {"S": request_id}
            condition |= has_status(PackageStatus.QUEUED) & belongs_to_request(request_id)
        item = self._items.claim(
            package_id,
            attempt_id,
            PackageStatus.EXPORTING,
            records.EXPORT_LEASE,
            lease_until=lease_until,
            attributes=attributes,
            condition=condition,
            object_key=object_key,
        )
        return records.claim_from_item(item)

    def commit(self, claim: Claim, record: PackageRecord) -> bool:
        """Turn a claim into a package, which makes it visible. False if the attempt no longer holds the claim."""
        update = Update(
            assign=records.record_attributes(record),
            remove=[
                records.LEASE_KIND,
                records.LEASE_UNTIL,
                records.OBJECTS,
                records.QUEUED_UNTIL,
                records.REQUESTED_BY,
                *records.PROGRESS_ATTRIBUTES,
            ],
        )
        return self._items.update(claim.package_id, update, _held_by(claim)) is not None

    def change_lifecycle(self, record: PackageRecord, state: LifecycleState) -> PackageRecord | None:
        """Change the lifecycle of a package from ``record.state`` to ``state``, and return the package.

        None if the lifecycle has changed since it was read, or if the package has been deleted.
        """
        known, revision = record.state.revision, Attribute(records.LIFECYCLE_REVISION)
        condition = (
            has_status(PackageStatus.EXPORTED)
            & Attribute(records.BUNDLE_KEY).equals(record.bundle_key)
            & (revision.equals(known) if known else revision.not_exists())
        )
        update = Update(assign=records.lifecycle_attributes(state))
        return _exported(self._items.update(record.description.package_id, update, condition))

    def add_signature(self, record: PackageRecord, signature: Signature) -> bool:
        """Store the signature of a package that has none. False if it has one, or has been deleted in the meantime."""
        condition = (
            has_status(PackageStatus.EXPORTED)
            & Attribute(records.BUNDLE_KEY).equals(record.bundle_key)
            & Attribute(records.SIGNATURE).not_exists()
        )
        update = Update(assign={records.SIGNATURE: records.signature_attribute(signature)})
        return self._items.update(record.description.package_id, update, condition) is not None

    def report_progress(self, claim: Claim, written: int) -> None:
        """Store the number of artifacts that an attempt has written so far."""
        self._items.update(claim.package_id, Update(assign={records.ARTIFACTS_WRITTEN: written}), _held_by(claim))

    def abandon(self, claim: Claim) -> Claim | None:
        """End the lease immediately, so that the attempt can no longer commit.

        Returns:
            The claim with the keys of all objects to delete; None if it was committed or taken over.
        """
        update = Update(assign={records.ATTEMPT_ID: _abandoned_attempt_id(claim), records.LEASE_UNTIL: 0})
        condition = _held_by(claim) & has_status(PackageStatus.EXPORTING)
        item = self._items.update(claim.package_id, update, condition)
        return None if item is None else replace(records.claim_from_item(item), attempt_id=claim.attempt_id)

    def delete_claim(self, claim: Claim) -> None:
        """Delete an abandoned claim, or return that of an accepted export to the queue, unless it was taken over."""
        is_abandoned = Attribute(records.ATTEMPT_ID).equals(_abandoned_attempt_id(claim))
        if claim.queued_until is None:
            self._items.delete(claim.package_id, is_abandoned)
            return
        back_to_queue = Update(
            assign={
                records.STATUS: PackageStatus.QUEUED.value,
                records.LEASE_KIND: records.QUEUE_LEASE,
                records.LEASE_UNTIL: claim.queued_until,
            },
            remove=[records.OBJECTS, records.ARTIFACTS_WRITTEN, records.ARTIFACTS_TOTAL],
        )
        self._items.update(claim.package_id, back_to_queue, is_abandoned)

    def expired_claim(self, package_id: str, now: int) -> Claim | None:
        """The claim of an attempt on ``package_id`` whose lease ended before ``now``, if there is one."""
        item = self._items.get(package_id)
        if item is None or item[records.STATUS]["S"] != PackageStatus.EXPORTING or _is_held(item, now):
            return None
        return records.claim_from_item(item)

    def expired_claims(self, now: int) -> Iterator[Claim]:
        """Yield the claims of attempts whose leases ended before ``now``."""
        return map(records.claim_from_item, self._items.expired_leases(records.EXPORT_LEASE, now))

    @property
    def _items(self) -> PackageTable:
        return PackageTable(self.client, self.table)


def _held_by(claim: Claim) -> Condition:
    return Attribute(records.ATTEMPT_ID).equals(claim.attempt_id)


def _abandoned_attempt_id(claim: Claim) -> str:
    """The attempt id of ``claim`` once it is abandoned, under which no attempt can commit."""
    return f"{claim.attempt_id}/abandoned"


def _exported(item: Item | None) -> PackageRecord | None:
    if item is None or item[records.STATUS]["S"] != PackageStatus.EXPORTED:
        return None
    return records.record_from_item(item)


def _is_held(item: Item, now: int) -> bool:
    match item[records.STATUS]["S"]:
        case PackageStatus.EXPORTED:
            return True
        case PackageStatus.FAILED:
            return False
        case _:
            return int(item[records.LEASE_UNTIL]["N"]) >= now
