"""Reads the package index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from installhub.model.cursor import CursorScope, Page
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.packages import index_items
from installhub.packages.index_items import ContainingPackage
from installhub.runtime.aws_errors import translate_aws_errors
from installhub.runtime.dynamodb import Attribute, expressions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class PackageIndex:
    """Finds packages by what they contain.

    Attributes:
        client: DynamoDB.
        table: Name of the package index.
    """

    client: DynamoDBClient
    table: str

    def containing(self, tenant: str, artifact_id: str, limit: int, cursor: str | None) -> Page[ContainingPackage]:
        """A page of up to ``limit`` packages of ``tenant`` that contain an artifact, after the position of ``cursor``.

        Takes one request, however many packages the tenant has.

        Raises:
            InstallHubError: InvalidCursor.
        """
        scope = CursorScope("artifact-packages", tenant, {"artifactId": artifact_id})
        partition = index_items.artifact_partition(tenant, artifact_id)
        request: dict[str, Any] = {
            "TableName": self.table,
            "ConsistentRead": True,
            "ScanIndexForward": False,
            "Limit": limit + 1,  # one more tells whether there is a next page
            **expressions(key_condition=Attribute(index_items.PARTITION).equals(partition)),
        }
        if cursor is not None:
            request["ExclusiveStartKey"] = index_items.primary_key(partition, _position(scope, cursor))
        with translate_aws_errors("dynamodb"):
            found = self.client.query(**request)["Items"]
        packages = tuple(map(index_items.containing_package, found[:limit]))
        if len(found) <= limit:
            return Page(packages, None)
        return Page(packages, scope.encode([found[limit - 1][index_items.SORT]["S"]]))


def _position(scope: CursorScope, cursor: str) -> str:
    (sort_key,) = scope.decode(cursor)
    if not index_items.is_sort_key(sort_key):
        raise InstallHubError.of(ErrorCode.INVALID_CURSOR)
    return sort_key
