"""The packages table: claims, commits and reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from installhub.aws import unavailable_when_failing
from installhub.errors import ErrorCode, InstallHubError
from installhub.packages import records
from installhub.packages.records import Claim, PackageRecord, PackageStatus

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
}


@dataclass(frozen=True, slots=True)
class PackageStore:
    """The packages table. Times are epoch seconds."""

    client: DynamoDBClient
    table: str

    def find(self, package_id: str) -> PackageRecord | None:
        """The committed package ``package_id``, or None."""
        item = self._item(package_id)
        if item is None or item[records.STATUS]["S"] != PackageStatus.EXPORTED:
            return None
        return records.record_of(item)

    def is_taken(self, package_id: str, now: int) -> bool:
        """Whether a claim of ``package_id`` would be refused at ``now``."""
        item = self._item(package_id)
        return item is not None and _is_held(item, now)

    def claim(self, package_id: str, attempt_id: str, object_key: str, *, now: int, lease_until: int) -> Claim:
        """Claim a name and version for one attempt, which will write its bundle to ``object_key``.

        The claim of an attempt that let its lease run out is taken over, with the objects it may have left. Repeating
        the call with the same attempt is harmless.

        Raises:
            InstallHubError: VersionConflict: the package exists, or another attempt holds it.
        """
        try:
            answer = self._update(
                package_id,
                update="SET #status = :exporting, #attempt = :attempt, #kind = :kind, #until = :until, "
                "#objects = list_append(if_not_exists(#objects, :none), :objects)",
                condition="attribute_not_exists(#id) "
                "OR (#status = :exporting AND (#attempt = :attempt OR #until < :now))",
                values={
                    ":exporting": {"S": PackageStatus.EXPORTING.value},
                    ":attempt": {"S": attempt_id},
                    ":kind": {"S": records.EXPORT_LEASE},
                    ":until": {"N": str(lease_until)},
                    ":now": {"N": str(now)},
                    ":none": {"L": []},
                    ":objects": {"L": [{"S": object_key}]},
                },
            )
        except ClientError as error:
            if _condition_failed(error):
                raise InstallHubError.of(ErrorCode.VERSION_CONFLICT) from error
            raise
        return records.claim_of(answer)

    def commit(self, claim: Claim, record: PackageRecord) -> bool:
        """Make the package visible. False when the claim is no longer the attempt's own. Repeating it is harmless."""
        attributes = records.attributes_of(record)
        names = {f"#a{index}": name for index, name in enumerate(attributes)}
        values = {f":a{index}": value for index, value in enumerate(attributes.values())}
        assignments = ", ".join(f"#a{index} = :a{index}" for index in range(len(attributes)))
        update = f"SET {assignments} REMOVE #kind, #until, #objects"
        return self._update_held(claim, update, values, names=names, condition="") is not None

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
        return None if item is None else replace(claim, objects=records.claim_of(item).objects)

    def forget(self, claim: Claim) -> None:
        """Delete an abandoned claim, unless somebody has taken it over since."""
        try:
            with unavailable_when_failing("dynamodb"):
                self.client.delete_item(
                    TableName=self.table,
                    Key=records.key_of(claim.package_id),
                    ConditionExpression="#attempt = :nobody",
                    ExpressionAttributeNames={"#attempt": records.ATTEMPT},
                    ExpressionAttributeValues={":nobody": {"S": f"{claim.attempt_id}/abandoned"}},
                )
        except ClientError as error:
            if not _condition_failed(error):
                raise

    def expired_claims(self, now: int) -> Iterator[Claim]:
        """The claims whose lease ran out before ``now``."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=records.LEASE_INDEX,
            KeyConditionExpression="#kind = :kind AND #until < :now",
            ExpressionAttributeNames={"#kind": records.LEASE_KIND, "#until": records.LEASE_UNTIL},
            ExpressionAttributeValues={":kind": {"S": records.EXPORT_LEASE}, ":now": {"N": str(now)}},
        )
        with unavailable_when_failing("dynamodb"):
            for page in pages:
                for item in page["Items"]:
                    yield records.claim_of(item)

    def _item(self, package_id: str) -> Item | None:
        with unavailable_when_failing("dynamodb"):
            answer = self.client.get_item(TableName=self.table, Key=records.key_of(package_id), ConsistentRead=True)
        return answer.get("Item")

    def _update_held(
        self,
        claim: Claim,
        update: str,
        values: dict[str, Any],
        *,
        condition: str,
        names: dict[str, str] | None = None,
    ) -> Item | None:
        """The item as updated; None when it is not held by the claim's attempt."""
        try:
            return self._update(
                claim.package_id,
                update=update,
                condition=f"#attempt = :mine{condition}",
                values={**values, ":mine": {"S": claim.attempt_id}},
                names=names,
            )
        except ClientError as error:
            if _condition_failed(error):
                return None
            raise

    def _update(
        self,
        package_id: str,
        *,
        update: str,
        condition: str,
        values: dict[str, Any],
        names: dict[str, str] | None = None,
    ) -> Item:
        used = {name: real for name, real in _NAMES.items() if name in f"{update} {condition}"}
        with unavailable_when_failing("dynamodb"):
            answer = self.client.update_item(
                TableName=self.table,
                Key=records.key_of(package_id),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames={**used, **(names or {})},
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        return answer["Attributes"]


def _is_held(item: Item, now: int) -> bool:
    exporting = item[records.STATUS]["S"] == PackageStatus.EXPORTING
    return not exporting or int(item[records.LEASE_UNTIL]["N"]) >= now


def _condition_failed(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"
