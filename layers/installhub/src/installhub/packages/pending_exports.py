"""Accepted exports that are not packages yet: queued, under way or failed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from installhub.model.errors import VersionHeldError
from installhub.packages import records
from installhub.packages.records import AcceptedExport, PackageRecord, PackageStatus
from installhub.packages.table import PackageTable, belongs_to_request, has_status, lease_ended_before
from installhub.runtime.dynamodb import Attribute, Condition, Update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.runtime.dynamodb import Item

FAILURE_RETENTION_SECONDS: Final = 30 * 24 * 3600
"""How long a failed request can be looked up."""


@dataclass(frozen=True, slots=True)
class PendingExport:
    """An accepted export that is not a package yet, or never will be.

    Attributes:
        package_id: The id of the package to be.
        request_id: The request.
        accepted: What was accepted.
        status: Its status; never ``exported``.
        written: Artifacts written.
        total: Artifacts to write; None until the closure is known.
        errors: Why it failed, in the contract's shape.
    """

    package_id: str
    request_id: str
    accepted: AcceptedExport
    status: PackageStatus
    written: int = 0
    total: int | None = None
    errors: tuple[dict[str, Any], ...] = ()

    @property
    def tenant(self) -> str:
        """The tenant it belongs to."""
        return self.accepted.tenant


@dataclass(frozen=True, slots=True)
class PendingExportStore:
    """The packages table, for exports that are not finished. Times are epoch seconds."""

    client: DynamoDBClient
    table: str

    def get(self, package_id: str, now: int) -> PackageRecord | PendingExport | None:
        """The package, or the accepted export for it, or None."""
        return _visible(self._items.get(package_id), now)

    def get_for_tenants(
        self, package_id: str, tenants: Collection[str], now: int
    ) -> PackageRecord | PendingExport | None:
        """The package or the accepted export for it, if it belongs to one of ``tenants``, else None."""
        return _visible(self._items.get_for_tenants(package_id, tenants), now)

    def enqueue(
        self, package_id: str, request_id: str, accepted: AcceptedExport, *, now: int, lease_until: int
    ) -> bool:
        """Claim a name and version for a request that is about to be sent to the queue.

        Returns:
            False when the same request holds the claim already.

        Raises:
            VersionHeldError: The package exists, or another request or attempt holds it.
        """
        try:
            self._items.claim(
                package_id,
                request_id,
                PackageStatus.QUEUED,
                records.QUEUE_LEASE,
                lease_until=lease_until,
                attributes={
                    **records.accepted_export_attributes(accepted),
                    records.REQUEST_ID: {"S": request_id},
                },
                # An expired claim of an attempt is not taken over: what it left in the bucket has to be removed first.
                condition=Attribute(records.PACKAGE_ID).not_exists()
                | has_status(PackageStatus.FAILED)
                | (has_status(PackageStatus.QUEUED) & lease_ended_before(now)),
            )
        except VersionHeldError as held:
            if held.request_id == request_id:
                return False
            raise
        return True

    def extend_lease(self, package_id: str, request_id: str, until: int) -> None:
        """Let a queued request hold its version until ``until``, unless it has been started."""
        self._items.update(package_id, Update(assign={records.LEASE_UNTIL: until}), _queued_for(request_id))

    def cancel(self, package_id: str, request_id: str) -> None:
        """Delete a queued request that was never sent."""
        self._items.delete(package_id, _queued_for(request_id))

    def fail(self, package_id: str, request_id: str, errors: Sequence[dict[str, Any]], *, now: int) -> None:
        """End a queued request as failed. It releases its version and is deleted after a month."""
        update = Update(
            assign={
                records.STATUS: PackageStatus.FAILED.value,
                records.ERRORS: json.dumps(errors),
                records.LEASE_KIND: records.FAILURE_LEASE,
                records.LEASE_UNTIL: now + FAILURE_RETENTION_SECONDS,
            }
        )
        self._items.update(package_id, update, _queued_for(request_id))

    def expired(self, now: int) -> Iterator[PendingExport]:
        """The queued requests that were not processed in time."""
        for item in self._items.expired_leases(records.QUEUE_LEASE, now):
            yield _pending_from_item(item, now)

    def delete_old_failures(self, now: int) -> int:
        """Delete the failed requests whose retention has ended, and return how many there were."""
        is_old = has_status(PackageStatus.FAILED) & lease_ended_before(now)
        return sum(
            self._items.delete(item[records.PACKAGE_ID]["S"], is_old)
            for item in self._items.expired_leases(records.FAILURE_LEASE, now)
        )

    @property
    def _items(self) -> PackageTable:
        return PackageTable(self.client, self.table)


def _queued_for(request_id: str) -> Condition:
    return has_status(PackageStatus.QUEUED) & belongs_to_request(request_id)


def _visible(item: Item | None, now: int) -> PackageRecord | PendingExport | None:
    """What callers may see of an item: a package or an accepted export, but no synchronous attempt."""
    if item is None:
        return None
    if item[records.STATUS]["S"] == PackageStatus.EXPORTED:
        return records.record_from_item(item)
    return _pending_from_item(item, now) if records.REQUESTED_AT in item else None


def _pending_from_item(item: Item, now: int) -> PendingExport:
    status = PackageStatus(item[records.STATUS]["S"])
    if status is PackageStatus.EXPORTING and int(item[records.LEASE_UNTIL]["N"]) < now:
        status = PackageStatus.QUEUED  # the attempt died; the queue will deliver the request again
    return PendingExport(
        package_id=item[records.PACKAGE_ID]["S"],
        request_id=item[records.REQUEST_ID]["S"],
        accepted=AcceptedExport(
            tenant=item[records.TENANT]["S"],
            name=item["name"]["S"],
            version=item["version"]["S"],
            requested_by=item[records.REQUESTED_BY]["S"],
            requested_at=item[records.REQUESTED_AT]["S"],
            expires_at=int(item[records.QUEUED_UNTIL]["N"]),
        ),
        status=status,
        written=int(item[records.ARTIFACTS_WRITTEN]["N"]) if records.ARTIFACTS_WRITTEN in item else 0,
        total=int(item[records.ARTIFACTS_TOTAL]["N"]) if records.ARTIFACTS_TOTAL in item else None,
        errors=tuple(json.loads(item[records.ERRORS]["S"])) if records.ERRORS in item else (),
    )
