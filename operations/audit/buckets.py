"""Reads buckets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from operations.audit.findings import FindingKind, Report

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHUNK: Final = 1024 * 1024
_UPLOAD_AGE: Final = dt.timedelta(days=2)  # the bucket's lifecycle rule aborts uploads after one day


def list_objects(s3: S3Client, bucket: str) -> dict[str, dt.datetime]:
    """The keys of all objects, with the time each was written."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {entry["Key"]: entry["LastModified"] for page in pages for entry in page.get("Contents", [])}


def exists(s3: S3Client, bucket: str, key: str) -> bool:
    """Whether an object exists now."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
            return False
        raise
    return True


def read_object(s3: S3Client, bucket: str, key: str) -> Iterator[bytes] | None:
    """The content of an object in chunks; None if it does not exist."""
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
    return body.iter_chunks(_CHUNK)


def audit_uploads(s3: S3Client, bucket: str, report: Report) -> None:
    """Report multipart uploads that were started days ago and never completed."""
    now = dt.datetime.now(tz=dt.UTC)
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in page.get("Uploads", []):
            report.checked["unfinished uploads"] += 1
            if now - upload["Initiated"] > _UPLOAD_AGE:
                report.add(
                    FindingKind.UNFINISHED_UPLOAD,
                    f"{bucket}/{upload['Key']}",
                    f"started {upload['Initiated']:%Y-%m-%d %H:%M}",
                )
