"""Accepted requests on their way: how they enter the packages table, how they are looked at, and how they end."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from installhub.packages import records
from installhub.packages.records import Acceptance, PackageRecord, PackageStatus
from installhub.packages.table import PackageTable, condition_failed, holder_of, request_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.catalog.items import Item

FAILURE_SECONDS: Final = 30 * 24 * 3600
"""How long a failed request can be looked at."""


@dataclass(frozen=True, slots=True)
class PendingExport:
    """An accepted request that is no package, or not yet.

    Attributes:
        package_id: What the package would be.
        request_id: The request.
        acceptance: What was accepted.
        status: Where it is on its way; never ``exported``.
        done: Artifacts written.
        total: Artifacts to write; None until the closure is known.
        errors: Why it failed, in the contract's shape.
    """

    package_id: str
    request_id: str
    acceptance: Acceptance
    status: PackageStatus
    done: int = 0
    total: int | None = None
    errors: tuple[dict[str, Any], ...] = ()

    @property
    def tenant(self) -> str:
        """Whose it is."""
        return self.acceptance.tenant


@dataclass(frozen=True, slots=True)
class PendingStore:
    """The packages table, for what is not exported yet. Times are epoch seconds."""

    client: DynamoDBClient
    table: str

    def look(self, package_id: str, now: int) -> PackageRecord | PendingExport | None:
        """The package, or the accepted request for it, or None."""
        return _seen(self._items.get(package_id), now)

    def look_of(self, package_id: str, tenants: Collection[str], now: int) -> PackageRecord | PendingExport | None:
        """Likewise, if it is one of ``tenants``'."""
        return _seen(self._items.get_of(package_id, tenants), now)

    def enqueue(self, package_id: str, request_id: str, acceptance: Acceptance, *, now: int, lease_until: int) -> bool:
        """Claim a name and version for a request that is about to be sent to the queue.

        Returns:
            False when the very request has the claim already.

        Raises:
            VersionHeldError: The package exists, or another request or attempt holds it.
        """
        attributes = {**records.attributes_of_acceptance(acceptance), records.REQUEST: {"S": request_id}}
        assignments = ", ".join(f"#x_{name} = :x_{name}" for name in attributes)
        try:
            self._items.update(
                package_id,
                update=f"SET #status = :queued, #kind = :kind, #until = :until, #attempt = :x_requestId, {assignments} "
                f"REMOVE {', '.join(f'#x_{name}' for name in records.PASSING_ATTRIBUTES)}",
                # What an attempt that died may have left in the bucket has to go first.
                condition="attribute_not_exists(#id) OR #status = :failed OR (#status = :queued AND #until < :now)",
                values={
                    ":queued": {"S": PackageStatus.QUEUED.value},
                    ":failed": {"S": PackageStatus.FAILED.value},
                    ":kind": {"S": records.QUEUE_LEASE},
                    ":until": {"N": str(lease_until)},
                    ":now": {"N": str(now)},
                    **{f":x_{name}": value for name, value in attributes.items()},
                },
                names={f"#x_{name}": name for name in (*attributes, *records.PASSING_ATTRIBUTES)},
            )
        except ClientError as error:
            if not condition_failed(error):
                raise
            item = self._items.get(package_id)
            if item is not None and request_of(item) == request_id:
                return False
            raise holder_of(item) from error
        return True

    def extend(self, package_id: str, request_id: str, until: int) -> None:
        """Let a queued request hold its version until ``until``, unless it is under way already."""
        self._update_queued(package_id, request_id, "SET #until = :until", {":until": {"N": str(until)}})

    def withdraw(self, package_id: str, request_id: str) -> None:
        """Delete a queued request that was never sent."""
        self._items.delete(
            package_id,
            condition="#status = :queued AND #request = :request",
            values={":queued": {"S": PackageStatus.QUEUED.value}, ":request": {"S": request_id}},
        )

    def fail(self, package_id: str, request_id: str, errors: Sequence[dict[str, Any]], *, now: int) -> None:
        """Let a queued request end as failed. It holds its version no longer, and is forgotten after a month."""
        self._update_queued(
            package_id,
            request_id,
            "SET #status = :failed, #errors = :errors, #kind = :kind, #until = :until",
            {
                ":failed": {"S": PackageStatus.FAILED.value},
                ":errors": {"S": json.dumps(errors)},
                ":kind": {"S": records.FAILURE_LEASE},
                ":until": {"N": str(now + FAILURE_SECONDS)},
            },
            names={"#errors": records.ERRORS},
        )

    def lapsed(self, now: int) -> Iterator[PendingExport]:
        """The queued requests of which nothing came in time."""
        for item in self._items.leases_before(records.QUEUE_LEASE, now):
            yield _pending_of(item, now)

    def forget_failures(self, now: int) -> int:
        """Delete the failed requests that were there long enough, and return how many there were."""
        return sum(
            self._items.delete(
                item[records.PACKAGE_ID]["S"],
                condition="#status = :failed AND #until < :now",
                values={":failed": {"S": PackageStatus.FAILED.value}, ":now": {"N": str(now)}},
            )
            for item in self._items.leases_before(records.FAILURE_LEASE, now)
        )

    @property
    def _items(self) -> PackageTable:
        return PackageTable(self.client, self.table)

    def _update_queued(
        self,
        package_id: str,
        request_id: str,
        update: str,
        values: dict[str, Any],
        names: dict[str, str] | None = None,
    ) -> None:
        try:
            self._items.update(
                package_id,
                update=update,
                condition="#status = :is AND #request = :mine",
                values={**values, ":is": {"S": PackageStatus.QUEUED.value}, ":mine": {"S": request_id}},
                names=names,
            )
        except ClientError as error:
            if not condition_failed(error):
                raise


def _seen(item: Item | None, now: int) -> PackageRecord | PendingExport | None:
    if item is None:
        return None
    if item[records.STATUS]["S"] == PackageStatus.EXPORTED:
        return records.record_of(item)
    return _pending_of(item, now) if records.REQUESTED_AT in item else None


def _pending_of(item: Item, now: int) -> PendingExport:
    status = PackageStatus(item[records.STATUS]["S"])
    if status is PackageStatus.EXPORTING and int(item[records.LEASE_UNTIL]["N"]) < now:
        status = PackageStatus.QUEUED  # the attempt died; the queue will bring the request again
    return PendingExport(
        package_id=item[records.PACKAGE_ID]["S"],
        request_id=item[records.REQUEST]["S"],
        acceptance=Acceptance(
            tenant=item[records.TENANT]["S"],
            name=item["name"]["S"],
            version=item["version"]["S"],
            requested_by=item[records.REQUESTED_BY]["S"],
            requested_at=item[records.REQUESTED_AT]["S"],
            until=int(item[records.QUEUED_UNTIL]["N"]),
        ),
        status=status,
        done=int(item[records.DONE]["N"]) if records.DONE in item else 0,
        total=int(item[records.TOTAL]["N"]) if records.TOTAL in item else None,
        errors=tuple(json.loads(item[records.ERRORS]["S"])) if records.ERRORS in item else (),
    )
