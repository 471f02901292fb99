"""Writes packages to the package index, and keeps their lifecycle in it up to date."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from installhub.packages import index_items
from installhub.packages.bundle_store import BundleStore
from installhub.packages.indexed_lifecycle import IndexedLifecycle
from installhub.packages.manifests import read_manifest
from installhub.packages.records import PackageRecord
from installhub.packages.store import PackageStore
from installhub.runtime.batch_write import batch_delete, batch_put
from installhub.runtime.dynamodb import Table
from installhub.runtime.gc import gc_frozen

with gc_frozen():
    from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CHUNK: Final = 500
"""How many items are in memory at a time; a package may have 50,000 artifacts."""


class IndexOutcome(StrEnum):
    """What indexing a package did."""

    INDEXED = "indexed"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class PackageIndexer:
    """Writes packages to the package index.

    Attributes:
        client: DynamoDB.
        table: Name of the package index.
        packages: The packages table.
        bundles: The bundle bucket.
    """

    client: DynamoDBClient
    table: str
    packages: PackageStore
    bundles: BundleStore

    def is_indexed(self, record: PackageRecord) -> bool:
        """Whether a package is in the index completely; not if an earlier version of this code wrote it there."""
        return self._indexed_revision(record) is not None

    def index(self, record: PackageRecord, *, again: bool = False) -> IndexOutcome:
        """Write a package to the index. Repeating it is safe, and continues where a crash interrupted it.

        A package may be deleted, with its tenant, while it is being indexed. What deletes packages deletes their
        index items afterwards; items that are written later than that are deleted here.

        Args:
            record: The package; its lifecycle may have changed since it was read.
            again: Write it even if it is in the index already.

        Returns:
            What was done: ``UPDATED`` if only the lifecycle differed, ``DELETED`` if the package does not exist any
            more.

        Raises:
            ServiceUnavailableError: A service is unavailable. Some items may have been written.
        """
        indexed_revision = None if again else self._indexed_revision(record)
        if indexed_revision is not None:
            if indexed_revision >= record.state.revision:
                return IndexOutcome.UNCHANGED
            self._lifecycle.update(record)
            return IndexOutcome.UPDATED
        try:
            artifacts = read_manifest(self.bundles, record)["artifacts"]
        except ClientError:  # the bundle does not exist
            if self._current(record) is not None:
                raise
            return IndexOutcome.DELETED
        for start in range(0, len(artifacts), _CHUNK):
            chunk = artifacts[start : start + _CHUNK]
            batch_put(self.client, self.table, [index_items.membership_item(record, artifact) for artifact in chunk])
        batch_put(self.client, self.table, [index_items.version_item(record)])
        batch_put(self.client, self.table, [index_items.package_item(record)])
        current = self._current(record)
        if current is None:
            self._remove(record, artifacts)
            return IndexOutcome.DELETED
        if current.state.revision > record.state.revision:
            # Whatever changed the lifecycle may have found no items yet that it could update.
            self._lifecycle.update(current)
        return IndexOutcome.INDEXED

    @property
    def _lifecycle(self) -> IndexedLifecycle:
        return IndexedLifecycle(self.client, self.table)

    def _indexed_revision(self, record: PackageRecord) -> int | None:
        """The revision of the lifecycle in the index; None if the package is not in the index completely."""
        item = Table(self.client, self.table).get_item(index_items.package_key(record))
        if item is None or index_items.LIFECYCLE_REVISION not in item:
            return None
        return int(item[index_items.LIFECYCLE_REVISION]["N"])

    def _current(self, record: PackageRecord) -> PackageRecord | None:
        """The package as it is now; None if it does not exist any more.

        One with the same id that was exported later is another package.
        """
        found = self.packages.find(record.description.package_id)
        return found if found is not None and found.bundle_key == record.bundle_key else None

    def _remove(self, record: PackageRecord, artifacts: list[dict[str, Any]]) -> None:
        keys = [index_items.package_key(record), index_items.version_key(record)]
        batch_delete(self.client, self.table, keys)
        for start in range(0, len(artifacts), _CHUNK):
            keys = [
                index_items.membership_key(record, artifact["id"]) for artifact in artifacts[start : start + _CHUNK]
            ]
            batch_delete(self.client, self.table, keys)
