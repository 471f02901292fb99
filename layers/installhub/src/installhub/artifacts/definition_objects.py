"""Definitions that are too large for an item, as objects in the definition bucket."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installhub.artifacts import items
from installhub.artifacts.batch_get import batch_get
from installhub.model.definition import sha256_hex
from installhub.model.errors import ServiceUnavailableError
from installhub.runtime.aws_errors import translate_aws_errors
from installhub.runtime.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from installhub.model.artifact import ArtifactNode
    from installhub.runtime.dynamodb import Item


@dataclass(frozen=True, slots=True)
class DefinitionObjects:
    """The definition bucket, for writing.

    Attributes:
        s3: Returns the S3 client; called only when one is needed.
        bucket: Name of the bucket.
    """

    s3: Callable[[], S3Client]
    bucket: str

    def put(self, tenant: str, artifact_id: str, sha256: str, packed: bytes) -> str:
        """Put a packed definition under a unique key, so that no object is overwritten. Returns the key."""
        key = f"{items.definition_prefix(tenant)}{sha256_hex(artifact_id.encode())}/{sha256}/{uuid.uuid4().hex}"
        with translate_aws_errors("s3"):
            self.s3().put_object(Bucket=self.bucket, Key=key, Body=packed)
        return key

    def tag_superseded(self, bodies: Iterable[Item]) -> None:
        """Tag the objects of superseded body items; a lifecycle rule of the bucket deletes tagged objects.

        The change that superseded them has taken place, so it does not fail if S3 does. The audit finds such objects.
        """
        for body in bodies:
            key = body[items.OBJECT_KEY]["S"]
            try:
                with translate_aws_errors("s3"):
                    self.s3().put_object_tagging(
                        Bucket=self.bucket, Key=key, Tagging={"TagSet": [{"Key": "state", "Value": "superseded"}]}
                    )
            except ServiceUnavailableError as error:
                logger.warning("superseded definition not tagged", extra={"object": key}, exc_info=error)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects."""
        for key in keys:
            with translate_aws_errors("s3"):
                self.s3().delete_object(Bucket=self.bucket, Key=key)


def bodies_with_objects(dynamodb: DynamoDBClient, table: str, tenant: str, nodes: Sequence[ArtifactNode]) -> list[Item]:
    """The body items of ``nodes`` whose definitions are objects."""
    keys = [
        items.primary_key(tenant, items.body_sort_key(node.id, node.sha256))
        for node in nodes
        if node.packed_size > items.MAX_INLINE_BYTES
    ]
    bodies = batch_get(dynamodb, table, keys, consistent=True)
    return [body for body in bodies if items.OBJECT_KEY in body]
