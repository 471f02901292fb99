"""Publishes artifacts: the only writer of the artifacts table and the definition bucket.

Each artifact is updated atomically: one transaction replaces the edge item, writes the new body item and lets the old
one expire. An export that read the old edge item can still read the old body item.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from installhub.artifacts import items
from installhub.artifacts.batch_get import batch_get
from installhub.artifacts.validation import ArtifactInput
from installhub.model.artifact import ArtifactNode
from installhub.model.definition import pack, sha256_hex
from installhub.model.errors import ServiceUnavailableError
from installhub.runtime.aws_errors import error_code, sleep_before_retry, translate_aws_errors
from installhub.runtime.dynamodb import Attribute, Table, Update, expressions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from installhub.runtime.dynamodb import Item, NewItem


SUPERSEDED_BODY_RETENTION_SECONDS: Final = 7 * 24 * 3600
"""How long the body item of a superseded revision is kept: much longer than any export that may read it."""

_BATCH_ARTIFACTS: Final = 33  # the limit of a transaction is 100 writes; an artifact needs up to three
_BATCH_BYTES: Final = 2 * 1024 * 1024  # the limit is 4 MB
_MAX_ATTEMPTS: Final = 8


@dataclass(frozen=True, slots=True)
class PublishSummary:
    """The result of :meth:`Publisher.publish`.

    Attributes:
        created: Number of artifacts that did not exist before.
        updated: Number of artifacts that differed.
        unchanged: Number of artifacts that were identical.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: PublishSummary) -> PublishSummary:
        return PublishSummary(
            self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged
        )


@dataclass(frozen=True, slots=True)
class _Revision:
    """A revision of an artifact to be written.

    Attributes:
        node: The artifact.
        body: The body item.
        object_key: Key of the object that was put for this revision, if any.
        previous: The edge item that it replaces, if any.
    """

    node: ArtifactNode
    body: NewItem
    object_key: str | None
    previous: Item | None

    @property
    def previous_node(self) -> ArtifactNode | None:
        return None if self.previous is None else items.node_from_item(self.previous)

    @property
    def is_unchanged(self) -> bool:
        return self.previous_node == self.node

    @property
    def superseded(self) -> ArtifactNode | None:
        """The previous revision, if its definition differs."""
        previous = self.previous_node
        return previous if previous is not None and previous.sha256 != self.node.sha256 else None


class Publisher:
    """Writes artifacts to the artifacts table and large definitions to the definition bucket."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        s3: S3Client,
        table: str,
        bucket: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._dynamodb = dynamodb
        self._s3 = s3
        self._table = table
        self._bucket = bucket
        self._clock = clock

    def publish(self, artifacts: Iterable[ArtifactInput]) -> PublishSummary:
        """Store ``artifacts``, each atomically; of several with the same id, the last one is stored.

        Raises:
            ServiceUnavailableError: A service is unavailable, or concurrent writers kept changing the same artifacts.
                Artifacts stored before remain; publishing again is safe.
        """
        total = PublishSummary()
        for tenant, tenant_artifacts in groupby(artifacts, key=attrgetter("tenant")):
            for batch in _batches(tenant_artifacts):
                total += self._publish_batch(tenant, batch)
        return total

    def _publish_batch(self, tenant: str, artifacts: Sequence[ArtifactInput]) -> PublishSummary:
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            previous = self._edges(tenant, [artifact.id for artifact in artifacts])
            revisions = [self._revision(artifact, previous.get(artifact.id)) for artifact in artifacts]
            changed = [revision for revision in revisions if not revision.is_unchanged]
            superseded = self._superseded_objects(tenant, changed)
            if self._commit(tenant, changed):
                created = [revision for revision in changed if revision.previous is None]
                self._update_statistics(tenant, created)
                self._tag_superseded(superseded)
                return PublishSummary(len(created), len(changed) - len(created), len(revisions) - len(changed))
            self._delete_uncommitted_objects(tenant, changed)
            sleep_before_retry(attempt)
        raise ServiceUnavailableError("dynamodb")

    def _edges(self, tenant: str, ids: Sequence[str]) -> dict[str, Item]:
        keys = [items.primary_key(tenant, items.edge_sort_key(artifact_id)) for artifact_id in ids]
        edges = batch_get(self._dynamodb, self._table, keys, consistent=True)
        return {edge[items.ID]["S"]: edge for edge in edges}

    def _revision(self, artifact: ArtifactInput, previous: Item | None) -> _Revision:
        packed = pack(artifact.definition)
        node = artifact.to_node(packed.packed_size)
        body: NewItem = {
            **items.primary_key(artifact.tenant, items.body_sort_key(artifact.id, node.sha256)),
            items.PACKED_SIZE: {"N": str(packed.packed_size)},
            items.CRC32: {"N": str(packed.crc32)},
            items.SIZE: {"N": str(packed.size)},
        }
        data = b"".join(packed.chunks)
        object_key = None
        if packed.packed_size <= items.MAX_INLINE_BYTES:
            body[items.DATA] = {"B": data}
        elif previous is None or items.node_from_item(previous).sha256 != node.sha256:
            object_key = self._put_object(artifact, node.sha256, data)
            body[items.OBJECT_KEY] = {"S": object_key}
        return _Revision(node, body, object_key, previous)

    def _put_object(self, artifact: ArtifactInput, digest: str, data: bytes) -> str:
        """Put a compressed definition under a unique key, so that no object is overwritten."""
        id_digest = sha256_hex(artifact.id.encode())
        key = f"{items.definition_prefix(artifact.tenant)}{id_digest}/{digest}/{uuid.uuid4().hex}"
        with translate_aws_errors("s3"):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=data)
        return key

    def _commit(self, tenant: str, revisions: Sequence[_Revision]) -> bool:
        """Write ``revisions`` in one transaction. False if a concurrent writer has changed one of the artifacts."""
        writes: list[Any] = [write for revision in revisions for write in self._writes(tenant, revision)]
        if not writes:
            return True
        try:
            with translate_aws_errors("dynamodb"):
                self._dynamodb.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if error_code(error) == "TransactionCanceledException":
                return False
            raise
        return True

    def _writes(self, tenant: str, revision: _Revision) -> Iterator[dict[str, Any]]:
        previous = revision.previous
        is_unchanged = (
            Attribute(items.PARTITION).not_exists()
            if previous is None
            else Attribute(items.SHA256).equals(previous[items.SHA256])
        )
        edge = items.edge_item(tenant, revision.node)
        yield {"Put": {"TableName": self._table, "Item": edge, **expressions(condition=is_unchanged)}}
        if previous is not None:
            if revision.superseded is None:
                return  # the body item exists
            yield self._expire_body(tenant, revision.superseded)
        yield {"Put": {"TableName": self._table, "Item": revision.body}}

    def _expire_body(self, tenant: str, node: ArtifactNode) -> dict[str, Any]:
        expires_at = int(self._clock()) + SUPERSEDED_BODY_RETENTION_SECONDS
        return {
            "Update": {
                "TableName": self._table,
                "Key": items.primary_key(tenant, items.body_sort_key(node.id, node.sha256)),
                **expressions(update=Update(assign={items.EXPIRES_AT: expires_at})),
            }
        }

    def _superseded_objects(self, tenant: str, changed: Sequence[_Revision]) -> list[Item]:
        """The body items that ``changed`` supersede and whose definitions are objects."""
        keys = [
            items.primary_key(tenant, items.body_sort_key(node.id, node.sha256))
            for node in (revision.superseded for revision in changed)
            if node is not None and node.packed_size > items.MAX_INLINE_BYTES
        ]
        return batch_get(self._dynamodb, self._table, keys, consistent=True)

    def _tag_superseded(self, superseded: Iterable[Item]) -> None:
        """Tag the objects of superseded body items; a lifecycle rule of the bucket deletes tagged objects."""
        for body in superseded:
            with translate_aws_errors("s3"):
                self._s3.put_object_tagging(
                    Bucket=self._bucket,
                    Key=body[items.OBJECT_KEY]["S"],
                    Tagging={"TagSet": [{"Key": "state", "Value": "superseded"}]},
                )

    def _delete_uncommitted_objects(self, tenant: str, revisions: Sequence[_Revision]) -> None:
        """Delete the objects that were put for ``revisions``, except those that a body item references.

        The response to a transaction that succeeded may have been lost.
        """
        uploaded = {revision.object_key: revision.node for revision in revisions if revision.object_key is not None}
        keys = [items.primary_key(tenant, items.body_sort_key(node.id, node.sha256)) for node in uploaded.values()]
        bodies = batch_get(self._dynamodb, self._table, keys, consistent=True)
        for object_key in uploaded.keys() - {body[items.OBJECT_KEY]["S"] for body in bodies}:
            with translate_aws_errors("s3"):
                self._s3.delete_object(Bucket=self._bucket, Key=object_key)

    def _update_statistics(self, tenant: str, created: Sequence[_Revision]) -> None:
        """Update the tenant's statistics. They only determine how edge items are read, so they need not be exact."""
        if not created:
            return
        size = sum(items.edge_size(items.edge_item(tenant, revision.node)) for revision in created)
        Table(self._dynamodb, self._table).update_item(
            items.primary_key(tenant, items.STATISTICS_SORT_KEY),
            Update(add={items.EDGE_COUNT: len(created), items.EDGE_BYTES: size}),
        )


def _batches(artifacts: Iterable[ArtifactInput]) -> Iterator[list[ArtifactInput]]:
    batch: dict[str, ArtifactInput] = {}
    size = 0
    for artifact in artifacts:
        artifact_size = len(artifact.definition) + sum(4 * len(dependency) + 4 for dependency in artifact.dependencies)
        if batch and (len(batch) == _BATCH_ARTIFACTS or size + artifact_size > _BATCH_BYTES):
            yield list(batch.values())
            batch, size = {}, 0
        batch[artifact.id] = artifact
        size += artifact_size
    if batch:
        yield list(batch.values())
