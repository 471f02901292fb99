"""The lifecycle of packages in the package index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from installhub.packages import index_items
from installhub.runtime.dynamodb import Attribute, Table, Update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.packages.records import PackageRecord


@dataclass(frozen=True, slots=True)
class IndexedLifecycle:
    """Updates the lifecycle of packages in the package index.

    Attributes:
        client: DynamoDB.
        table: Name of the package index.
    """

    client: DynamoDBClient
    table: str

    def update(self, record: PackageRecord) -> None:
        """Write the lifecycle of a package to its items, unless they do not exist or have a later one.

        Raises:
            ServiceUnavailableError: DynamoDB is unavailable. Some items may have been updated; repeating it is safe.
        """
        table = Table(self.client, self.table)
        update = Update(assign=index_items.lifecycle_attributes(record))
        is_earlier = Attribute(index_items.LIFECYCLE_REVISION).less_than(record.state.revision)
        for key in (index_items.version_key(record), index_items.package_key(record)):
            table.update_item(key, update, condition=is_earlier)
