"""The packages table: claims, commits and reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from installhub.packages import records
from installhub.packages.records import Acceptance, Claim, PackageRecord, PackageStatus
from installhub.packages.table import PackageTable, condition_failed, holder_of, request_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.catalog.items import Item


@dataclass(frozen=True, slots=True)
class PackageStore:
    """The packages table. Times are epoch seconds."""

    client: DynamoDBClient
    table: str

    def find(self, package_id: str) -> PackageRecord | None:
        """The committed package ``package_id``, or None."""
        return _committed(self._items.get(package_id))

    def find_of(self, package_id: str, tenants: Collection[str]) -> PackageRecord | None:
        """The committed package ``package_id`` of one of ``tenants``, or None."""
        return _committed(self._items.get_of(package_id, tenants))

    def is_taken(self, package_id: str, now: int, *, request_id: str | None = None) -> bool:
        """Whether a claim of ``package_id`` for ``request_id`` would be refused at ``now``."""
        item = self._items.get(package_id)
        if item is None or (request_id is not None and request_of(item) == request_id):
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
        acceptance: Acceptance | None = None,
        total: int = 0,
    ) -> Claim:
        """Claim a name and version for one attempt, which will write its bundle to ``object_key``.

        The claim of an attempt that let its lease run out is taken over, with the objects it may have left; so is one
        that its own request put in the queue. Repeating the call with the same attempt is harmless.

        Args:
            package_id: What to claim.
            attempt_id: Who claims.
            object_key: Where it writes.
            now: The time.
            lease_until: When the claim may be taken over.
            request_id: The request that the attempt is made for, if it has an id.
            acceptance: That request, if it may be looked at on its way.
            total: How many artifacts there are, to tell how far the attempt is.

        Raises:
            VersionHeldError: The package exists, or another attempt holds it.
        """
        shown: dict[str, Any] = {}
        if acceptance is not None:
            shown = {**records.attributes_of_acceptance(acceptance), records.TOTAL: {"N": str(total)}}
        if request_id is not None:
            shown[records.REQUEST] = {"S": request_id}
        every = (records.REQUEST, *records.ACCEPTANCE_ATTRIBUTES, *records.PASSING_ATTRIBUTES)
        hidden = [name for name in every if name not in shown]
        try:
            item = self._items.update(
                package_id,
                update="SET #status = :exporting, #attempt = :attempt, #kind = :kind, #until = :until, "
                "#objects = list_append(if_not_exists(#objects, :none), :objects)"
                f"{_assignments(shown)} REMOVE {', '.join(f'#x_{name}' for name in hidden)}",
                condition="attribute_not_exists(#id) OR (#status = :exporting AND #attempt = :attempt) "
                "OR #status = :failed OR (#status IN (:exporting, :queued) AND #until < :now)"
                f"{' OR (#status = :queued AND #x_requestId = :x_requestId)' if request_id is not None else ''}",
                values={
                    ":exporting": {"S": PackageStatus.EXPORTING.value},
                    ":queued": {"S": PackageStatus.QUEUED.value},
                    ":failed": {"S": PackageStatus.FAILED.value},
                    ":attempt": {"S": attempt_id},
                    ":kind": {"S": records.EXPORT_LEASE},
                    ":until": {"N": str(lease_until)},
                    ":now": {"N": str(now)},
                    ":none": {"L": []},
                    ":objects": {"L": [{"S": object_key}]},
                    **{f":x_{name}": value for name, value in shown.items()},
                },
                names={f"#x_{name}": name for name in every},
            )
        except ClientError as error:
            if condition_failed(error):
                raise holder_of(self._items.get(package_id)) from error
            raise
        return records.claim_of(item)

    def commit(self, claim: Claim, record: PackageRecord) -> bool:
        """Make the package visible. False when the claim is no longer the attempt's own. Repeating it is harmless."""
        attributes = records.attributes_of(record)
        passing = (records.QUEUED_UNTIL, records.REQUESTED_BY, *records.PASSING_ATTRIBUTES)
        item = self._update_held(
            claim,
            f"SET {_assignments(attributes).removeprefix(', ')} "
            f"REMOVE #kind, #until, #objects, {', '.join(f'#x_{name}' for name in passing)}",
            {f":x_{name}": value for name, value in attributes.items()},
            names={f"#x_{name}": name for name in (*attributes, *passing)},
        )
        return item is not None

    def report(self, claim: Claim, done: int) -> None:
        """Tell how many artifacts an attempt has written."""
        self._update_held(claim, "SET #done = :done", {":done": {"N": str(done)}})

    def abandon(self, claim: Claim) -> Claim | None:
        """End the lease at once, so that nobody can commit under it.

        Returns:
            The claim with every object that is to be removed; None when it is committed or somebody else's.
        """
        item = self._update_held(
            claim,
            "SET #attempt = :nobody, #until = :over",
            {
                ":nobody": {"S": f"{claim.attempt_id}/abandoned"},
                ":over": {"N": "0"},
                ":exporting": {"S": PackageStatus.EXPORTING.value},
            },
            condition=" AND #status = :exporting",
        )
        return None if item is None else replace(records.claim_of(item), attempt_id=claim.attempt_id)

    def forget(self, claim: Claim) -> None:
        """Delete an abandoned claim, unless somebody has taken it over since; one for an accepted request is queued."""
        try:
            if claim.queued_until is not None:
                self._put_back(claim, claim.queued_until)
                return
            self._items.delete(
                claim.package_id,
                condition="#attempt = :nobody",
                values={":nobody": {"S": f"{claim.attempt_id}/abandoned"}},
            )
        except ClientError as error:
            if not condition_failed(error):
                raise

    def expired_claim(self, package_id: str, now: int) -> Claim | None:
        """The claim of an attempt at ``package_id`` whose lease ran out before ``now``, if there is one."""
        item = self._items.get(package_id)
        if item is None or item[records.STATUS]["S"] != PackageStatus.EXPORTING or _is_held(item, now):
            return None
        return records.claim_of(item)

    def expired_claims(self, now: int) -> Iterator[Claim]:
        """The claims of attempts whose lease ran out before ``now``."""
        for item in self._items.leases_before(records.EXPORT_LEASE, now):
            yield records.claim_of(item)

    @property
    def _items(self) -> PackageTable:
        return PackageTable(self.client, self.table)

    def _put_back(self, claim: Claim, until: int) -> None:
        self._items.update(
            claim.package_id,
            update="SET #status = :queued, #kind = :kind, #until = :until REMOVE #objects, #done, #total",
            condition="#attempt = :nobody",
            values={
                ":queued": {"S": PackageStatus.QUEUED.value},
                ":kind": {"S": records.QUEUE_LEASE},
                ":until": {"N": str(until)},
                ":nobody": {"S": f"{claim.attempt_id}/abandoned"},
            },
        )

    def _update_held(
        self,
        claim: Claim,
        update: str,
        values: Mapping[str, Any],
        *,
        condition: str = "",
        names: Mapping[str, str] | None = None,
    ) -> Item | None:
        """The item as updated; None when it is not held by the claim's attempt."""
        try:
            return self._items.update(
                claim.package_id,
                update=update,
                condition=f"#attempt = :mine{condition}",
                values={**values, ":mine": {"S": claim.attempt_id}},
                names=names,
            )
        except ClientError as error:
            if condition_failed(error):
                return None
            raise


def _committed(item: Item | None) -> PackageRecord | None:
    if item is None or item[records.STATUS]["S"] != PackageStatus.EXPORTED:
        return None
    return records.record_of(item)


def _assignments(attributes: Mapping[str, Any]) -> str:
    return "".join(f", #x_{name} = :x_{name}" for name in attributes)


def _is_held(item: Item, now: int) -> bool:
    match item[records.STATUS]["S"]:
        case PackageStatus.EXPORTED:
            return True
        case PackageStatus.FAILED:
            return False
        case _:
            return int(item[records.LEASE_UNTIL]["N"]) >= now
