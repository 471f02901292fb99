"""The inbox bucket, to which request documents are uploaded and results are written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from installhub.model.errors import ErrorCode, InstallHubError
from installhub.runtime.aws_errors import error_code, translate_aws_errors
from installhub.runtime.queue_messages import InboxObject, UnreadableMessageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

RESULT_SUFFIX: Final = ".result"
# S3 responds with AccessDenied for a missing object if the caller may not list the bucket, and no function may.
# The response to HeadObject has no body, so its codes are the statuses.
_NOT_FOUND_CODES: Final = frozenset(
    {"NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "AccessDenied", "403", "404", "405"}
)


def is_missing(error: ClientError) -> bool:
    """Whether S3 responded that an object does not exist."""
    return error_code(error) in _NOT_FOUND_CODES


@dataclass(frozen=True, slots=True)
class Inbox:
    """The inbox bucket.

    Attributes:
        s3: Returns the S3 client; called only when one is needed.
        bucket: Name of the bucket.
    """

    s3: Callable[[], S3Client]
    bucket: str

    def read(self, inbox_object: InboxObject, max_bytes: int) -> bytes:
        """The content of a request document of at most ``max_bytes``.

        Raises:
            UnreadableMessageError: It does not exist or cannot be read.
            InstallHubError: RequestTooLarge.
            ServiceUnavailableError: S3 is unavailable.
        """
        try:
            with translate_aws_errors("s3"):
                response = self._get(inbox_object)
                if response["ContentLength"] > max_bytes:
                    raise InstallHubError.of(
                        ErrorCode.REQUEST_TOO_LARGE,
                        f"The request has {response['ContentLength']} bytes; the limit is {max_bytes}.",
                    )
                return response["Body"].read()
        except ClientError as error:
            if is_missing(error):
                raise UnreadableMessageError(
                    f"the request document {inbox_object.key!r} does not exist, or is not readable"
                ) from error
            raise

    def _get(self, inbox_object: InboxObject) -> GetObjectOutputTypeDef:
        if inbox_object.version is None:
            return self.s3().get_object(Bucket=self.bucket, Key=inbox_object.key)
        return self.s3().get_object(Bucket=self.bucket, Key=inbox_object.key, VersionId=inbox_object.version)

    def write_result(self, inbox_object: InboxObject, body: Mapping[str, Any], content_type: str) -> None:
        """Write the result of a request to an object with the same key and the suffix ``.result``."""
        content = json.dumps(body, ensure_ascii=False, indent=2).encode()
        with translate_aws_errors("s3"):
            self.s3().put_object(
                Bucket=self.bucket, Key=f"{inbox_object.key}{RESULT_SUFFIX}", Body=content, ContentType=content_type
            )
