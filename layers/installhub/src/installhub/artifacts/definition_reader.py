"""Reads compressed definitions in install order, prefetching a limited number of bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from installhub.artifacts import items
from installhub.artifacts.batch_get import MAX_BATCH_KEYS, batch_get
from installhub.model.artifact import ArtifactNode
from installhub.model.definition import PackedDefinition
from installhub.model.errors import ServiceUnavailableError
from installhub.runtime.aws_errors import error_code, translate_aws_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from installhub.runtime.dynamodb import Item

MISSING_BODY: Final = "artifact bodies"
"""The service of the error if a definition does not exist."""

_BATCH_BYTES: Final = 4 * 1024 * 1024
_BATCHES_AHEAD: Final = 2
_CHUNK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class DefinitionReader:
    """Reads definitions by digest, which ensures that exactly the resolved revisions are read.

    Attributes:
        client: DynamoDB.
        table: Name of the artifacts table.
        s3: Returns the S3 client; called only for definitions that are stored in S3.
        bucket: Name of the definition bucket.
    """

    client: DynamoDBClient
    table: str
    s3: Callable[[], S3Client]
    bucket: str

    def read(self, tenant: str, nodes: Sequence[ArtifactNode]) -> Iterator[PackedDefinition]:
        """Yield the definitions of ``nodes``, in the order of ``nodes``.

        Raises:
            ServiceUnavailableError: A definition could not be read, or was removed after its node was read.
        """
        batches = _batches(nodes)
        with ThreadPoolExecutor(max_workers=_BATCHES_AHEAD) as pool:
            prefetched = deque(
                pool.submit(self._read_batch, tenant, batch) for batch in islice(batches, _BATCHES_AHEAD)
            )
            while prefetched:
                bodies = prefetched.popleft().result()
                prefetched.extend(pool.submit(self._read_batch, tenant, batch) for batch in islice(batches, 1))
                yield from map(self._packed_definition, bodies)

    def _read_batch(self, tenant: str, nodes: Sequence[ArtifactNode]) -> list[Item]:
        keys = {items.body_sort_key(node.id, node.sha256): node for node in nodes}
        found: dict[str, Item] = {}
        for consistent in (False, True):  # an eventually consistent read may miss a recent write
            unread = [items.primary_key(tenant, sort_key) for sort_key in keys if sort_key not in found]
            for body in batch_get(self.client, self.table, unread, consistent=consistent):
                found[body[items.SORT]["S"]] = body
            if len(found) == len(keys):
                return [found[sort_key] for sort_key in keys]
        raise ServiceUnavailableError(MISSING_BODY)

    def _packed_definition(self, body: Item) -> PackedDefinition:
        return PackedDefinition(
            chunks=(body[items.DATA]["B"],) if items.DATA in body else self._object_chunks(body),
            packed_size=int(body[items.PACKED_SIZE]["N"]),
            crc32=int(body[items.CRC32]["N"]),
            size=int(body[items.SIZE]["N"]),
        )

    def _object_chunks(self, body: Item) -> Iterator[bytes]:
        try:
            with translate_aws_errors("s3"):
                response = self.s3().get_object(Bucket=self.bucket, Key=body[items.OBJECT_KEY]["S"])
                yield from response["Body"].iter_chunks(_CHUNK_BYTES)
        except ClientError as error:
            if error_code(error) == "NoSuchKey":
                raise ServiceUnavailableError(MISSING_BODY) from error
            raise


def _batches(nodes: Sequence[ArtifactNode]) -> Iterator[list[ArtifactNode]]:
    batch: list[ArtifactNode] = []
    size = 0
    for node in nodes:
        if batch and (len(batch) == MAX_BATCH_KEYS or size >= _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(node)
        size += node.packed_size if node.packed_size <= items.MAX_INLINE_BYTES else 0
    if batch:
        yield batch
