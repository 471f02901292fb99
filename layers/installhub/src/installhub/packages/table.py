"""Single-item access to the packages table, shared by those that claim, commit and look."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from installhub.aws import unavailable_when_failing
from installhub.errors import VersionHeldError
from installhub.packages import records
from installhub.packages.records import PackageStatus

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.catalog.items import Item

_NAMES: Final = {
    "#id": records.PACKAGE_ID,
    "#status": records.STATUS,
    "#attempt": records.ATTEMPT,
    "#kind": records.LEASE_KIND,
    "#until": records.LEASE_UNTIL,
    "#objects": records.OBJECTS,
    "#request": records.REQUEST,
    "#done": records.DONE,
    "#total": records.TOTAL,
}
_MOST_IN: Final = 100  # operands of IN, a limit of DynamoDB's; a token has room for over a thousand tenants


@dataclass(frozen=True, slots=True)
class PackageTable:
    """The packages table, an item at a time."""

    client: DynamoDBClient
    name: str

    def get(self, package_id: str) -> Item | None:
        """The item of a package as it was last written."""
        with unavailable_when_failing("dynamodb"):
            answer = self.client.get_item(TableName=self.name, Key=records.key_of(package_id), ConsistentRead=True)
        return answer.get("Item")

    def get_of(self, package_id: str, tenants: Collection[str]) -> Item | None:
        """The item of a package, if it is one of ``tenants``'.

        The tenant is compared where the item lies, so that somebody else's item is not sent: nothing but None comes
        back, on the same way and in the same time as for an item that never was.
        """
        asked = list(tenants)
        for start in range(0, len(asked), _MOST_IN):
            if item := self._get_of_some(package_id, asked[start : start + _MOST_IN]):
                return item
        return None

    def _get_of_some(self, package_id: str, tenants: Sequence[str]) -> Item | None:
        values = {f":tenant{number}": {"S": tenant} for number, tenant in enumerate(tenants)}
        with unavailable_when_failing("dynamodb"):
            answer = self.client.query(
                TableName=self.name,
                KeyConditionExpression="#id = :id",
                FilterExpression=f"#tenant IN ({', '.join(values)})",
                ExpressionAttributeNames={"#id": records.PACKAGE_ID, "#tenant": records.TENANT},
                ExpressionAttributeValues={":id": {"S": package_id}, **values},
                ConsistentRead=True,
            )
        return next(iter(answer["Items"]), None)

    def update(
        self,
        package_id: str,
        *,
        update: str,
        condition: str,
        values: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> Item:
        """Update the item of a package on a condition, and return it as it is then."""
        used = {name: real for name, real in _NAMES.items() if name in f"{update} {condition}"}
        with unavailable_when_failing("dynamodb"):
            answer = self.client.update_item(
                TableName=self.name,
                Key=records.key_of(package_id),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames={**used, **(names or {})},
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        return answer["Attributes"]

    def delete(self, package_id: str, *, condition: str, values: Mapping[str, Any]) -> bool:
        """Delete the item of a package on a condition. False when it does not hold."""
        try:
            with unavailable_when_failing("dynamodb"):
                self.client.delete_item(
                    TableName=self.name,
                    Key=records.key_of(package_id),
                    ConditionExpression=condition,
                    ExpressionAttributeNames={name: real for name, real in _NAMES.items() if name in condition},
                    ExpressionAttributeValues=values,
                )
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def leases_before(self, kind: str, now: int) -> Iterator[Item]:
        """The items that hold a lease of ``kind`` which ran out before ``now``."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=records.LEASE_INDEX,
            KeyConditionExpression="#kind = :kind AND #until < :now",
            ExpressionAttributeNames={"#kind": records.LEASE_KIND, "#until": records.LEASE_UNTIL},
            ExpressionAttributeValues={":kind": {"S": kind}, ":now": {"N": str(now)}},
        )
        with unavailable_when_failing("dynamodb"):
            for page in pages:
                yield from page["Items"]


def request_of(item: Item) -> str | None:
    """The request that an item was written for, if it has an id."""
    return item[records.REQUEST]["S"] if records.REQUEST in item else None


def holder_of(item: Item | None) -> VersionHeldError:
    """Who has the name and version that a claim was refused for; None when it was given up since."""
    if item is None:
        return VersionHeldError(None, None)
    is_exported = item[records.STATUS]["S"] == PackageStatus.EXPORTED
    return VersionHeldError(request_of(item), None if is_exported else int(item[records.LEASE_UNTIL]["N"]))


def condition_failed(error: ClientError) -> bool:
    """Whether a write was refused by its own condition."""
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"
