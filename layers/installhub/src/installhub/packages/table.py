"""The packages table, an item at a time: what claims, commits and look-ups have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from installhub.model.errors import VersionHeldError
from installhub.packages import records
from installhub.packages.records import PackageStatus
from installhub.runtime.dynamodb import Attribute, Condition, Table, Update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.runtime.dynamodb import Item, NewItem

_MAX_IN_OPERANDS: Final = 100  # a DynamoDB limit; a token has room for over a thousand tenants


@dataclass(frozen=True, slots=True)
class PackageTable:
    """The packages table."""

    client: DynamoDBClient
    name: str

    def get(self, package_id: str) -> Item | None:
        """The item of a package as last written."""
        return self._table.get_item(records.primary_key(package_id))

    def get_for_tenants(self, package_id: str, tenants: Collection[str]) -> Item | None:
        """The item of a package, if it belongs to one of ``tenants``.

        DynamoDB compares the tenant, so that another tenant's item never reaches this process: the response is the
        same, and takes the same time, as for an item that does not exist.
        """
        named = list(tenants)
        for start in range(0, len(named), _MAX_IN_OPERANDS):
            some = named[start : start + _MAX_IN_OPERANDS]
            found = self._table.query(
                Attribute(records.PACKAGE_ID).equals(package_id),
                filter_condition=Attribute(records.TENANT).is_in(some),
                consistent=True,
            )
            if item := next(found, None):
                return item
        return None

    def claim(  # noqa: PLR0913  # one write takes all of them
        self,
        package_id: str,
        attempt_id: str,
        status: PackageStatus,
        lease_kind: str,
        *,
        lease_until: int,
        attributes: NewItem,
        condition: Condition,
        object_key: str | None = None,
    ) -> Item:
        """Take hold of a name and version, and return the item as written.

        Args:
            package_id: What to claim.
            attempt_id: Who claims it.
            status: The status it has from now on.
            lease_kind: The kind of lease that the claim holds.
            lease_until: When the lease ends, in epoch seconds.
            attributes: What else to write; other attributes of earlier requests are removed.
            condition: When the claim is granted.
            object_key: The bundle that the attempt will write, if it writes one.

        Raises:
            VersionHeldError: ``condition`` does not hold.
        """
        claimed = self.update(
            package_id,
            Update(
                assign={
                    records.STATUS: status.value,
                    records.ATTEMPT_ID: attempt_id,
                    records.LEASE_KIND: lease_kind,
                    records.LEASE_UNTIL: lease_until,
                    **attributes,
                },
                append={} if object_key is None else {records.OBJECTS: {"L": [{"S": object_key}]}},
                remove=[name for name in records.REQUEST_ATTRIBUTES if name not in attributes],
            ),
            condition,
        )
        if claimed is None:
            raise _version_held_error(self.get(package_id))
        return claimed

    def update(self, package_id: str, update: Update, condition: Condition) -> Item | None:
        """Update the item of a package and return it as updated. None when ``condition`` does not hold."""
        return self._table.update_item(records.primary_key(package_id), update, condition=condition)

    def delete(self, package_id: str, condition: Condition) -> bool:
        """Delete the item of a package. False when ``condition`` does not hold."""
        return self._table.delete_item(records.primary_key(package_id), condition=condition)

    def expired_leases(self, kind: str, now: int) -> Iterator[Item]:
        """The items whose lease of ``kind`` ended before ``now``."""
        return self._table.query(
            Attribute(records.LEASE_KIND).equals(kind) & Attribute(records.LEASE_UNTIL).less_than(now),
            index=records.LEASE_INDEX,
        )

    @property
    def _table(self) -> Table:
        return Table(self.client, self.name)


def has_status(status: PackageStatus) -> Condition:
    """The item has ``status``."""
    return Attribute(records.STATUS).equals(status.value)


def lease_ended_before(now: int) -> Condition:
    """The item's lease ended before ``now``."""
    return Attribute(records.LEASE_UNTIL).less_than(now)


def belongs_to_request(request_id: str) -> Condition:
    """The item was written for ``request_id``."""
    return Attribute(records.REQUEST_ID).equals(request_id)


def item_request_id(item: Item) -> str | None:
    """The request that an item was written for, if it has an id."""
    return item[records.REQUEST_ID]["S"] if records.REQUEST_ID in item else None


def _version_held_error(item: Item | None) -> VersionHeldError:
    """The error that names the holder of a version; the holder may have given it up since."""
    if item is None:
        return VersionHeldError(None, None)
    is_exported = item[records.STATUS]["S"] == PackageStatus.EXPORTED
    return VersionHeldError(item_request_id(item), None if is_exported else int(item[records.LEASE_UNTIL]["N"]))
