"""Audits a whole stack."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from operations.audit.artifacts import GRACE, ArtifactAudit
from operations.audit.buckets import audit_uploads
from operations.audit.findings import Report
from operations.audit.index import IndexAudit
from operations.audit.packages import PackageAudit
from operations.audit.signatures import SignatureAudit

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client


def audit(  # noqa: PLR0913  # all but three have a default
    dynamodb: DynamoDBClient,
    s3: S3Client,
    kms: KMSClient,
    outputs: Mapping[str, str],
    *,
    grace: dt.timedelta = GRACE,
    clock: Callable[[], float] = time.time,
    progress: Callable[[], None] = lambda: None,
) -> Report:
    """Audit all tables and buckets.

    Args:
        dynamodb: The DynamoDB client.
        s3: The S3 client.
        kms: The KMS client.
        outputs: The stack's outputs, with the names of its tables and buckets.
        grace: Minimum age of an orphaned object in the definition bucket, and of a package that is not indexed, to be
            reported.
        clock: Returns the time in epoch seconds.
        progress: Called after each package and each artifact.
    """
    report = Report()
    packages, bundles = outputs["PackagesTable"], outputs["BundleBucket"]
    artifacts, definitions = outputs["ArtifactsTable"], outputs["DefinitionBucket"]
    now = dt.datetime.fromtimestamp(clock(), dt.UTC)
    index = IndexAudit(dynamodb, outputs["PackageIndexTable"], packages, report, grace, now)
    signatures = SignatureAudit(dynamodb, kms, outputs["SigningKeysTable"], outputs["SigningKey"], report)
    PackageAudit(dynamodb, s3, packages, bundles, report, index, signatures, clock, progress).run()
    index.run()
    ArtifactAudit(dynamodb, s3, artifacts, definitions, report, grace, progress).run()
    for bucket in (bundles, definitions):
        audit_uploads(s3, bucket, report)
    return report
