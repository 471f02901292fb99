"""The bundle bucket: streaming uploads, ranged reads and presigned URLs."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from installhub.model.errors import ServiceUnavailableError
from installhub.runtime.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

CONTENT_TYPE: Final = "application/zip"

LINK_LIFETIME_SECONDS: Final = 300
"""How long a presigned URL of a large bundle is valid."""

_MIN_PART_BYTES: Final = 8 * 1024 * 1024  # of all parts but the last; S3 requires at least 5 MiB
_MAX_PARTS_IN_FLIGHT: Final = 2


@dataclass(frozen=True, slots=True)
class BundleStore:
    """The bundle bucket.

    Attributes:
        s3: Returns the S3 client; called only when one is needed.
        bucket: Name of the bucket.
    """

    s3: Callable[[], S3Client]
    bucket: str

    @staticmethod
    def object_prefix(package_id: str) -> str:
        """The prefix of the keys of all objects of a package."""
        return f"bundles/{package_id}/"

    @staticmethod
    def object_key(package_id: str, attempt_id: str) -> str:
        """The key of the bundle that an attempt writes; unique for each attempt."""
        return f"{BundleStore.object_prefix(package_id)}{attempt_id}.zip"

    @contextmanager
    def upload(self, key: str) -> Iterator[BundleUpload]:
        """Stream a bundle to ``key``. The object is created when the block ends, unless it raises an exception."""
        upload = BundleUpload(self.s3(), self.bucket, key)
        try:
            yield upload
            upload.complete()
        except BaseException:
            upload.abort()
            raise
        finally:
            upload.close()

    def read(self, key: str) -> bytes:
        """The whole bundle."""
        with translate_aws_errors("s3"):
            return self.s3().get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        """The ``length`` bytes that start at ``offset``."""
        with translate_aws_errors("s3"):
            response = self.s3().get_object(Bucket=self.bucket, Key=key, Range=f"bytes={offset}-{offset + length - 1}")
            return response["Body"].read()

    def presigned_url(self, method: str, key: str, disposition: str, seconds: int) -> str:
        """A URL that allows anyone to download the bundle for ``seconds``.

        Args:
            method: HTTP method of the download, GET or HEAD; the signature includes it.
            key: Key of the bundle.
            disposition: Value of ``Content-Disposition`` in the response to the download.
            seconds: How long the URL is valid.
        """
        return self.s3().generate_presigned_url(
            "head_object" if method == "HEAD" else "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": key,
                "ResponseContentDisposition": disposition,
                "ResponseContentType": CONTENT_TYPE,
            },
            ExpiresIn=seconds,
        )

    def delete(self, key: str) -> None:
        """Delete a bundle that was never committed; it may not exist."""
        with translate_aws_errors("s3"):
            self.s3().delete_object(Bucket=self.bucket, Key=key)


class BundleUpload:
    """An upload to S3 that computes the checksum, and sends large bundles in parts in the background.

    Memory use does not depend on the size of the bundle: one part is buffered while up to two are being sent.
    """

    def __init__(self, client: S3Client, bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._hash = hashlib.sha256()
        self._buffer = bytearray()
        self._upload_id: str | None = None
        self._parts: list[CompletedPartTypeDef] = []
        self._pool = ThreadPoolExecutor(max_workers=_MAX_PARTS_IN_FLIGHT)
        self._in_flight: deque[Future[CompletedPartTypeDef]] = deque()
        self._part_count = 0

    @property
    def checksum(self) -> str:
        """``sha256:<hex>`` of the bytes written so far."""
        return f"sha256:{self._hash.hexdigest()}"

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._hash.update(data)
        self._buffer += data
        if len(self._buffer) >= _MIN_PART_BYTES:
            self._send_buffer()

    def complete(self) -> None:
        """Send the remaining bytes and create the object.

        Raises:
            ServiceUnavailableError: S3 is unavailable, or the multipart upload no longer exists.
        """
        if self._upload_id is None:
            with translate_aws_errors("s3"):
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=self._key,
                    Body=self._buffer,  # type: ignore[arg-type]  # botocore accepts a bytearray, its stubs do not
                    ContentType=CONTENT_TYPE,
                )
            return
        if self._buffer:
            self._send_buffer()
        while self._in_flight:
            self._parts.append(self._in_flight.popleft().result())
        try:
            with translate_aws_errors("s3"):
                self._client.complete_multipart_upload(
                    Bucket=self._bucket,
                    Key=self._key,
                    UploadId=self._upload_id,
                    MultipartUpload={"Parts": self._parts},
                )
        except self._client.exceptions.NoSuchUpload as error:
            # A retry by botocore after a lost response: the upload may have succeeded, but is treated as failed.
            raise ServiceUnavailableError("s3") from error

    def abort(self) -> None:
        """Discard the parts that were sent. If this fails, the bucket's lifecycle rule discards them within a day."""
        self._pool.shutdown()  # a part that arrived after the parts are discarded would remain
        if self._upload_id is None:
            return
        with (
            translate_aws_errors("s3"),
            suppress(self._client.exceptions.NoSuchUpload),  # it was completed after all
        ):
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._upload_id)

    def close(self) -> None:
        """Stop the background threads."""
        self._pool.shutdown()

    def _send_buffer(self) -> None:
        part, self._buffer = self._buffer, bytearray()  # without copying
        if self._upload_id is None:
            with translate_aws_errors("s3"):
                response = self._client.create_multipart_upload(
                    Bucket=self._bucket, Key=self._key, ContentType=CONTENT_TYPE
                )
            self._upload_id = response["UploadId"]
        if len(self._in_flight) == _MAX_PARTS_IN_FLIGHT:
            self._parts.append(self._in_flight.popleft().result())
        self._part_count += 1
        self._in_flight.append(self._pool.submit(self._send_part, self._upload_id, self._part_count, part))

    def _send_part(self, upload_id: str, number: int, part: bytearray) -> CompletedPartTypeDef:
        with translate_aws_errors("s3"):
            response = self._client.upload_part(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=upload_id,
                PartNumber=number,
                Body=part,  # type: ignore[arg-type]  # as above
            )
        return {"PartNumber": number, "ETag": response["ETag"]}
