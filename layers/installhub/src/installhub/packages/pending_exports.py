"""Accepted exports that are queued, in progress or failed."""

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
"""How long a failed request can be looked up, unless its version is exported before."""


@dataclass(frozen=True, slots=True)
class PendingExport:
    """An accepted export that is queued, in progress or failed.

    Attributes:
        package_id: Id of the package that it creates.
        request_id: Id of the request.
        accepted: The accepted export.
        status: Its status; never ``exported``.
        written: Number of artifacts written so far.
        total: Number of artifacts to write; None until the closure is resolved.
        errors: If it failed, the problems, as returned by :meth:`installhub.model.errors.Problem.as_json`.
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
    """Pending exports in the packages table. Times are in epoch seconds.

    Attributes:
        client: DynamoDB.
        table: Name of the packages table.
    """

    client: DynamoDBClient
    table: str

    def get(self, package_id: str, now: int) -> PackageRecord | PendingExport | None:
        """The package ``package_id``, else the pending export that will create it, else None."""
        return _visible(self._items.get(package_id), now)

    def get_for_tenants(
        self, package_id: str, tenants: Collection[str], now: int
    ) -> PackageRecord | PendingExport | None:
        """As :meth:`get`, but None if it does not belong to one of ``tenants``."""
        return _visible(self._items.get_for_tenants(package_id, tenants), now)

    def enqueue(
        self, package_id: str, request_id: str, accepted: AcceptedExport, *, now: int, lease_until: int
    ) -> bool:
        """Claim a name and version for a request before it is sent to the queue.

        Returns:
            False if the request already holds the claim.

        Raises:
            VersionHeldError: The package exists, or another request or attempt holds a claim.
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
                # The expired claim of an attempt is not taken over, since its objects have to be deleted first.
                condition=Attribute(records.PACKAGE_ID).not_exists()
                | has_status(PackageStatus.FAILED)
                | (has_status(PackageStatus.QUEUED) & lease_ended_before(now)),
            )
        except VersionHeldError as held:
            if held.request_id == request_id:
                return False
            raise
        return True

    def extend_lease(self, package_id: str, request_id: str, lease_until: int) -> None:
        """Extend the lease of a queued request, unless the worker has started it."""
        self._items.update(package_id, Update(assign={records.LEASE_UNTIL: lease_until}), _queued_for(request_id))

    def cancel(self, package_id: str, request_id: str) -> None:
        """Delete a queued request that was never sent."""
        self._items.delete(package_id, _queued_for(request_id))

    def fail(self, package_id: str, request_id: str, errors: Sequence[dict[str, Any]], *, now: int) -> None:
        """Mark a queued request as failed, which frees its version. The item is deleted after 30 days."""
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
        """Yield the queued requests that were not processed in time."""
        for item in self._items.expired_leases(records.QUEUE_LEASE, now):
            yield _pending_from_item(item, now)

    def delete_old_failures(self, now: int) -> int:
        """Delete the failed requests whose retention has ended, and return their number."""
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
    """The package or accepted export in ``item``; None for the claim of a synchronous export."""
    if item is None:
        return None
    if item[records.STATUS]["S"] == PackageStatus.EXPORTED:
        return records.record_from_item(item)
    return _pending_from_item(item, now) if records.REQUESTED_AT in item else None


def _pending_from_item(item: Item, now: int) -> PendingExport:
    status = PackageStatus(item[records.STATUS]["S"])
    if status is PackageStatus.EXPORTING and int(item[records.LEASE_UNTIL]["N"]) < now:
        status = PackageStatus.QUEUED  # the attempt crashed; the queue will deliver the request again
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
