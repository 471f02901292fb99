"""Files of artifacts in the inbox bucket, and their results beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import ClientError

from installhub.events.inbox import RESULT_SUFFIX, is_missing
from installhub.runtime.aws_errors import error_code, translate_aws_errors
from installhub.runtime.queue_messages import UnreadableMessageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHUNK_BYTES: Final = 1024 * 1024
_CHANGED_CODES: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})


class FileReplacedError(Exception):
    """The file was replaced or deleted while it was read."""


class ResultChangedError(Exception):
    """Another run has written the result."""


class DropFile(NamedTuple):
    """A file as it was when it was opened.

    Attributes:
        key: Key of the object.
        revision: Identifies its content and when it was put.
        etag: Identifies its content.
        size: Size in bytes.
    """

    key: str
    revision: str
    etag: str
    size: int


class StoredResult(NamedTuple):
    """A result and its entity tag."""

    content: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class DropFiles:
    """The dropped files in the inbox bucket.

    Attributes:
        s3: Returns the S3 client; called only when one is needed.
        bucket: Name of the bucket.
    """

    s3: Callable[[], S3Client]
    bucket: str

    def open(self, key: str) -> DropFile:
        """The current file with this key.

        Raises:
            UnreadableMessageError: It does not exist or cannot be read.
            ServiceUnavailableError: S3 is unavailable.
        """
        try:
            with translate_aws_errors("s3"):
                head = self.s3().head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if is_missing(error):
                raise UnreadableMessageError(f"the file {key!r} does not exist, or is not readable") from error
            raise
        revision = head.get("VersionId") or f"{head['ETag']} {head['LastModified'].isoformat()}"
        return DropFile(key, revision, head["ETag"], head["ContentLength"])

    def chunks(self, file: DropFile, offset: int) -> Iterator[bytes]:
        """Yield the bytes of ``file`` from ``offset`` on.

        Each piece is a request of its own: publishing takes too long to keep one response open.

        Raises:
            FileReplacedError: The file has changed.
            ServiceUnavailableError: S3 is unavailable.
        """
        for first in range(offset, file.size, _CHUNK_BYTES):
            last = min(first + _CHUNK_BYTES, file.size) - 1
            try:
                with translate_aws_errors("s3"):
                    response = self.s3().get_object(
                        Bucket=self.bucket, Key=file.key, Range=f"bytes={first}-{last}", IfMatch=file.etag
                    )
                    chunk = response["Body"].read()
            except ClientError as error:
                if is_missing(error) or error_code(error) in _CHANGED_CODES:
                    raise FileReplacedError(file.key) from error
                raise
            yield chunk

    def read_result(self, key: str) -> StoredResult | None:
        """The result of the file with this key, if there is one.

        Raises:
            ServiceUnavailableError: S3 is unavailable.
        """
        try:
            with translate_aws_errors("s3"):
                response = self.s3().get_object(Bucket=self.bucket, Key=f"{key}{RESULT_SUFFIX}")
                return StoredResult(response["Body"].read(), response["ETag"])
        except ClientError as error:
            if is_missing(error):
                return None
            raise

    def write_result(self, key: str, content: bytes, etag: str | None) -> str:
        """Write the result of the file with this key, and return its entity tag.

        Args:
            key: Key of the file.
            content: The new result.
            etag: The entity tag of the previous result; None if there is none.

        Raises:
            ResultChangedError: There is another previous result. If the response to an earlier attempt of this call was
                lost, that is the new one.
            ServiceUnavailableError: S3 is unavailable.
        """
        condition: Any = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        try:
            with translate_aws_errors("s3"):
                response = self.s3().put_object(
                    Bucket=self.bucket,
                    Key=f"{key}{RESULT_SUFFIX}",
                    Body=content,
                    ContentType="application/json",
                    **condition,
                )
        except ClientError as error:
            if error_code(error) in _CHANGED_CODES:
                raise ResultChangedError(key) from error
            raise
        return response["ETag"]
