"""Where data of a tenant is: each function finds it in one table or bucket, and deletes what it found.

Deleting is idempotent. What leads to other data is deleted after it, so that an interrupted run can be continued.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from installhub.artifacts import items
from installhub.events.drop_worker import DROP_PREFIX
from installhub.events.inbox import RESULT_SUFFIX
from installhub.identity.usage_key_provisioning import KEY_ID, POOLED, ApiKeys
from installhub.identity.usage_keys import primary_key, usage_subject
from installhub.packages import index_items, records
from installhub.packages.bundle_store import BundleStore
from installhub.packages.manifests import read_manifest
from installhub.packages.records import PackageRecord
from installhub.packages.store import PackageStore
from installhub.runtime.dynamodb import Attribute, expressions
from operations.erase.drop_files import Share, share_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

    from installhub.runtime.dynamodb import NewItem
    from operations.deployment import Deployment

INBOX_PREFIX: Final = "requests/"
_CHUNK_BYTES: Final = 1024 * 1024
_WRITES_PER_BATCH: Final = 25  # the limit of BatchWriteItem
_OBJECTS_PER_BATCH: Final = 1000  # the limit of DeleteObjects
_INDEX_ITEMS: Final = "items of the package index"

Key = dict[str, Any]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Find:
    """Something to delete.

    Attributes:
        kind: What it is, in the plural, for the report.
        count: How many.
        delete: Deletes it.
    """

    kind: str
    count: int
    delete: Callable[[], None]


@dataclass(frozen=True)
class Stores:
    """The tables and buckets of a stack.

    Attributes:
        dynamodb: A DynamoDB client.
        s3: An S3 client.
        keys: The usage plan's keys.
        outputs: The stack's outputs.
    """

    dynamodb: DynamoDBClient
    s3: S3Client
    keys: ApiKeys
    outputs: Mapping[str, str]

    @classmethod
    def of(cls, deployed: Deployment) -> Stores:
        """The tables and buckets of a deployed stack."""
        keys = ApiKeys(deployed.apigateway, deployed.outputs["UsagePlan"], deployed.stack_name)
        return cls(deployed.dynamodb, deployed.s3, keys, deployed.outputs)

    def find(self, tenant: str) -> Iterator[Find]:
        """Yield everything of ``tenant``, in portions, in the order in which it has to be deleted."""
        yield from self._objects("definition objects", "DefinitionBucket", items.definition_prefix(tenant))
        yield from self._objects("unpacked definitions", "DefinitionBucket", items.download_prefix(tenant))
        yield from self._artifacts(tenant)
        yield from self._packages(tenant)
        yield from self.find_index_items(tenant)
        yield from self._requests(tenant)
        yield from self._inbox(tenant)
        yield from self._dropped_files(tenant)
        yield from self._usage_key(tenant)

    def _artifacts(self, tenant: str) -> Iterator[Find]:
        partition = Attribute(items.PARTITION).equals(items.partition_key(tenant))
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.outputs["ArtifactsTable"],
            ProjectionExpression=f"{items.PARTITION}, {items.SORT}",
            **expressions(key_condition=partition),
        )
        keys = (
            {name: item[name] for name in (items.PARTITION, items.SORT)} for page in pages for item in page["Items"]
        )
        yield from self._items("items of artifacts", "ArtifactsTable", keys)

    def find_artifacts(self, tenant: str, artifact_ids: Iterable[str]) -> Iterator[Find]:
        """Yield the edges and the current definitions of artifacts."""
        table = self.outputs["ArtifactsTable"]
        for artifact_id in artifact_ids:
            edge_key = dict(items.primary_key(tenant, items.edge_sort_key(artifact_id)))
            edge = self.dynamodb.get_item(TableName=table, Key=edge_key, ConsistentRead=True).get("Item")
            if edge is not None:
                body = items.body_sort_key(artifact_id, items.node_from_item(edge).sha256)
                body_key = dict(items.primary_key(tenant, body))
                yield from self._items("items of artifacts", "ArtifactsTable", [body_key, edge_key])

    def find_package(self, package_id: str) -> Iterator[Find]:
        """Yield a package's objects, the package, then its items in the package index."""
        record = PackageStore(self.dynamodb, self.outputs["PackagesTable"]).find(package_id)
        index_keys = [] if record is None else [dict(key) for key in self._index_keys(record)]
        yield from self._package(package_id)
        yield from self._items(_INDEX_ITEMS, "PackageIndexTable", index_keys)

    def _package(self, package_id: str) -> Iterator[Find]:
        yield from self._objects("bundles", "BundleBucket", BundleStore.object_prefix(package_id))
        yield from self._items("packages", "PackagesTable", [{"packageId": {"S": package_id}}])

    def _index_keys(self, record: PackageRecord) -> Iterator[NewItem]:
        bundles = BundleStore(lambda: self.s3, self.outputs["BundleBucket"])
        for artifact in read_manifest(bundles, record)["artifacts"]:
            yield index_items.membership_key(record, artifact["id"])
        yield index_items.version_key(record)
        yield index_items.package_key(record)

    def _packages(self, tenant: str) -> Iterator[Find]:
        """Packages and pending exports, each with all its objects. There is no index by tenant, so all are read."""
        for item in self._scan("PackagesTable", tenant):
            yield from self._package(item["packageId"]["S"])

    def find_index_items(self, tenant: str) -> Iterator[Find]:
        """The tenant's items in the package index.

        They are deleted after the packages, since a package that is being indexed is removed from the index again only
        if it does not exist any more. The whole index is read: a manifest would lead to the items of its package, but
        not to those of a package whose bundle is lost.
        """
        table, key = self.outputs["PackageIndexTable"], (index_items.PARTITION, index_items.SORT)
        query = expressions(key_condition=Attribute(index_items.PARTITION).equals(index_items.tenant_partition(tenant)))
        scan = expressions(
            filter_condition=Attribute(index_items.PARTITION).begins_with(index_items.membership_prefix(tenant))
            | Attribute(index_items.PARTITION).begins_with(index_items.name_prefix(tenant))
        )
        pages = chain(
            self.dynamodb.get_paginator("query").paginate(TableName=table, **query),
            self.dynamodb.get_paginator("scan").paginate(TableName=table, **scan),
        )
        keys = ({name: item[name] for name in key} for page in pages for item in page["Items"])
        yield from self._items(_INDEX_ITEMS, "PackageIndexTable", keys)

    def _requests(self, tenant: str) -> Iterator[Find]:
        keys = ({"requestId": item["requestId"]} for item in self._scan("RequestsTable", tenant))
        yield from self._items("failed requests", "RequestsTable", keys)

    def _inbox(self, tenant: str) -> Iterator[Find]:
        """Request documents that name the tenant, and their results."""
        bucket = self.outputs["InboxBucket"]
        versions = self._inbox_versions(INBOX_PREFIX)
        for key, objects in versions.items():
            named = [
                one for one in objects if not key.endswith(RESULT_SUFFIX) and self._names_tenant(bucket, one, tenant)
            ]
            if named:
                yield self._object_batch("inbox documents", bucket, [*named, *versions.get(key + RESULT_SUFFIX, [])])

    def _dropped_files(self, tenant: str) -> Iterator[Find]:
        """Dropped files all of whose lines are the tenant's, and their results."""
        bucket = self.outputs["InboxBucket"]
        versions = self._inbox_versions(DROP_PREFIX)
        for key, objects in versions.items():
            shares = [(self._share(bucket, one, tenant), one) for one in objects]
            own = [one for share, one in shares if share is Share.ALL]
            if own:
                is_shared = any(share is Share.SOME for share, _ in shares)
                results = [] if is_shared else versions.get(key + RESULT_SUFFIX, [])
                yield self._object_batch("dropped files", bucket, [*own, *results])

    def shared_files(self, tenant: str) -> Iterator[str]:
        """Yield the keys of dropped files that have lines of ``tenant`` and of others. They are not erased."""
        bucket = self.outputs["InboxBucket"]
        for key, objects in self._inbox_versions(DROP_PREFIX).items():
            if any(self._share(bucket, one, tenant) is Share.SOME for one in objects):
                yield key

    def _share(self, bucket: str, version: ObjectIdentifierTypeDef, tenant: str) -> Share:
        if version["Key"].endswith(RESULT_SUFFIX):
            return Share.NONE
        try:
            response = self.s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
        except self.s3.exceptions.ClientError:  # a delete marker
            return Share.NONE
        return share_of(tenant, version["Key"], response["Body"].iter_chunks(_CHUNK_BYTES))

    def _inbox_versions(self, prefix: str) -> dict[str, list[ObjectIdentifierTypeDef]]:
        versions: dict[str, list[ObjectIdentifierTypeDef]] = defaultdict(list)
        for key, version in self._versions(self.outputs["InboxBucket"], prefix):
            versions[key].append({"Key": key, "VersionId": version})
        return versions

    def _names_tenant(self, bucket: str, version: ObjectIdentifierTypeDef, tenant: str) -> bool:
        try:
            response = self.s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
            document = json.loads(response["Body"].read())
        except self.s3.exceptions.ClientError:  # a delete marker
            return False
        except ValueError:
            return False
        return isinstance(document, dict) and document.get("tenantId") == tenant

    def _usage_key(self, tenant: str) -> Iterator[Find]:
        subject = str(usage_subject([tenant]))
        key = primary_key(subject)
        table = self.outputs["PlansTable"]
        item = self.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        if item is None:
            return
        if POOLED not in item:
            key_id = item[KEY_ID]["S"] if KEY_ID in item else self.keys.find(subject)  # the first release stored no id
            if key_id is not None:
                yield Find("usage-plan keys", 1, partial(self.keys.delete, key_id))
        yield from self._items("usage subjects", "PlansTable", [dict(key)])

    def _scan(self, table: str, tenant: str) -> Iterator[dict[str, Any]]:
        of_tenant = expressions(filter_condition=Attribute(records.TENANT).equals(tenant))
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.outputs[table], **of_tenant)
        return (item for page in pages for item in page["Items"])

    def _items(self, kind: str, table: str, keys: Iterable[Key]) -> Iterator[Find]:
        for batch in _batches(keys, _WRITES_PER_BATCH):
            yield Find(kind, len(batch), lambda batch=batch: self._delete_items(self.outputs[table], batch))  # type: ignore[misc]  # bound now

    def _delete_items(self, table: str, keys: Sequence[Key]) -> None:
        requests: dict[str, Any] = {table: [{"DeleteRequest": {"Key": key}} for key in keys]}
        while requests:
            requests = self.dynamodb.batch_write_item(RequestItems=requests)["UnprocessedItems"]

    def _objects(self, kind: str, bucket_output: str, prefix: str) -> Iterator[Find]:
        bucket = self.outputs[bucket_output]
        found: Iterator[ObjectIdentifierTypeDef] = (
            {"Key": key, "VersionId": version} for key, version in self._versions(bucket, prefix)
        )
        for batch in _batches(found, _OBJECTS_PER_BATCH):
            yield self._object_batch(kind, bucket, batch)

    def _versions(self, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
        """Keys and version ids of all versions and delete markers."""
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                yield version["Key"], version["VersionId"]

    def _object_batch(self, kind: str, bucket: str, objects: Sequence[ObjectIdentifierTypeDef]) -> Find:
        def delete() -> None:
            response = self.s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            for error in response.get("Errors", []):
                raise OSError(f"S3 did not delete {error['Key']}: {error['Message']}")

        return Find(kind, len(objects), delete)


def _batches(found: Iterable[_T], size: int) -> Iterator[list[_T]]:
    iterator = iter(found)
    while batch := list(islice(iterator, size)):
        yield batch
