"""Reads single definitions, and makes large ones available for download."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from installhub.artifacts import items
from installhub.artifacts.definition_reader import DefinitionReader
from installhub.model.definition import unpack
from installhub.runtime.aws_errors import error_code, translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from installhub.model.artifact import ArtifactNode

LINK_LIFETIME_SECONDS: Final = 300
_REUSED_FOR: Final = dt.timedelta(hours=12)
"""How long an unpacked copy is used again. A lifecycle rule of the bucket deletes copies after a day."""

# S3 responds with 403 for a missing object if the caller may not list the bucket, and no function may.
_NOT_FOUND_CODES: Final = frozenset({"403", "404", "NoSuchKey", "NotFound", "AccessDenied"})


@dataclass(frozen=True, slots=True)
class DefinitionDownloads:
    """Definitions as canonical JSON. They are stored compressed, so a large one is unpacked into a temporary object.

    Attributes:
        reader: Reads packed definitions.
        s3: Returns the S3 client; called only when one is needed.
        bucket: Name of the definition bucket.
        clock: Returns epoch seconds.
    """

    reader: DefinitionReader
    s3: Callable[[], S3Client]
    bucket: str
    clock: Callable[[], float]

    def read(self, tenant: str, node: ArtifactNode) -> bytes:
        """The definition of ``node``.

        Raises:
            ServiceUnavailableError: It could not be read, or was removed after ``node`` was read.
        """
        (packed,) = self.reader.read(tenant, [node])
        return unpack(b"".join(packed.chunks), packed.size)

    def presigned_url(self, tenant: str, node: ArtifactNode, method: str) -> str:
        """A URL that responds to ``method`` with the definition of ``node`` for five minutes."""
        key = f"{items.download_prefix(tenant)}{node.sha256}.json"
        if not self._is_recent(key):
            with translate_aws_errors("s3"):
                self.s3().put_object(
                    Bucket=self.bucket, Key=key, Body=self.read(tenant, node), ContentType="application/json"
                )
        operation = "head_object" if method == "HEAD" else "get_object"
        return self.s3().generate_presigned_url(
            operation, Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=LINK_LIFETIME_SECONDS
        )

    def _is_recent(self, key: str) -> bool:
        try:
            with translate_aws_errors("s3"):
                written = self.s3().head_object(Bucket=self.bucket, Key=key)["LastModified"]
        except ClientError as error:
            if error_code(error) in _NOT_FOUND_CODES:
                return False
            raise
        return dt.datetime.fromtimestamp(self.clock(), dt.UTC) - written < _REUSED_FOR
