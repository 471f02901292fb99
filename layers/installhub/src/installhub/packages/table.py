"""The packages table: the operations that claims, commits and look-ups share."""

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
    """The packages table.

    Attributes:
        client: DynamoDB.
        name: Name of the table.
    """

    client: DynamoDBClient
    name: str

    def get(self, package_id: str) -> Item | None:
        """The item of ``package_id``, if it exists; strongly consistent."""
        return self._table.get_item(records.primary_key(package_id))

    def get_for_tenants(self, package_id: str, tenants: Collection[str]) -> Item | None:
        """The item of ``package_id``, if it belongs to one of ``tenants``; strongly consistent.

        DynamoDB filters by tenant, so another tenant's item cannot be distinguished from one that does not exist, not
        even by the duration.
        """
        tenant_list = list(tenants)
        for start in range(0, len(tenant_list), _MAX_IN_OPERANDS):
            found = self._table.query(
                Attribute(records.PACKAGE_ID).equals(package_id),
                filter_condition=Attribute(records.TENANT).is_in(tenant_list[start : start + _MAX_IN_OPERANDS]),
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
        """Claim a name and version, and return the new item.

        Args:
            package_id: The item to claim.
            attempt_id: Id of the attempt.
            status: The new status.
            lease_kind: The partition of the lease index.
            lease_until: When the lease ends, in epoch seconds.
            attributes: Additional attributes; other attributes of earlier requests are removed.
            condition: Condition on the current item.
            object_key: Key of the bundle that the attempt will write, if any.

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
        """Update the item of a package and return the new item. None if ``condition`` does not hold."""
        return self._table.update_item(records.primary_key(package_id), update, condition=condition)

    def delete(self, package_id: str, condition: Condition) -> bool:
        """Delete the item of a package. False if ``condition`` does not hold."""
        return self._table.delete_item(records.primary_key(package_id), condition=condition)

    def expired_leases(self, kind: str, now: int) -> Iterator[Item]:
        """Yield the items whose lease of ``kind`` ended before ``now``, in epoch seconds."""
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
    """The item belongs to ``request_id``."""
    return Attribute(records.REQUEST_ID).equals(request_id)


def item_request_id(item: Item) -> str | None:
    """The id of the request that an item belongs to, if it has one."""
    return item[records.REQUEST_ID]["S"] if records.REQUEST_ID in item else None


def _version_held_error(item: Item | None) -> VersionHeldError:
    """The error for a version that is held by ``item``; None if the item was deleted in the meantime."""
    if item is None:
        return VersionHeldError(None, None)
    is_exported = item[records.STATUS]["S"] == PackageStatus.EXPORTED
    return VersionHeldError(item_request_id(item), None if is_exported else int(item[records.LEASE_UNTIL]["N"]))
