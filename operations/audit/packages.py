"""Audits packages: their records, their bundles, and orphaned bundles."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeDeserializer

from operations.audit.buckets import exists, list_objects, read_object
from operations.audit.bundle import bundle_problems, manifest_bytes, read_manifest
from operations.audit.findings import FindingKind, Report
from operations.audit.index import IndexAudit
from operations.audit.signatures import SignatureAudit

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

_MAX_IN_MEMORY: Final = 16 * 1024 * 1024
_REQUIRED: Final = ("tenantId", "name", "version", "packageType", "checksum", "bundleKey", "bundleSize", "exportedAt")


@dataclass(frozen=True)
class PackageAudit:
    """Audits one packages table and its bucket.

    Attributes:
        dynamodb: The DynamoDB client.
        s3: The S3 client.
        table: The packages table.
        bucket: The bundle bucket.
        report: Receives the findings.
        index: Checks the package index for each intact package.
        signatures: Checks the signature of each intact package.
        clock: Returns the time in epoch seconds.
        progress: Called after each package.
    """

    dynamodb: DynamoDBClient
    s3: S3Client
    table: str
    bucket: str
    report: Report
    index: IndexAudit
    signatures: SignatureAudit
    clock: Callable[[], float] = time.time
    progress: Callable[[], None] = lambda: None

    def run(self) -> None:
        """Audit the whole table and bucket."""
        # List the objects first: a claim is written before its object, so the scan below finds the owner of each.
        objects = list_objects(self.s3, self.bucket)
        self.report.checked["bundle objects"] += len(objects)
        owned: set[str] = set()
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        for page in pages:
            for item in page["Items"]:
                owned |= self._check_item(_deserialize(item))
                self.progress()
        for key in sorted(objects.keys() - owned):
            if exists(self.s3, self.bucket, key):  # a claim and its object may have been deleted in the meantime
                self.report.add(FindingKind.ORPHAN_BUNDLE, f"{self.bucket}/{key}", "no package or claim refers to it")

    def _check_item(self, item: Mapping[str, Any]) -> set[str]:
        """Check an item, and return the keys of its objects."""
        status = item.get("status")
        self.report.checked[f"{status} packages"] += 1
        if status == "exported":
            self._check_package(item)
            return {str(item.get("bundleKey"))}
        if status in {"exporting", "queued"} and item["leaseUntil"] < self.clock():
            self.report.add(
                FindingKind.EXPIRED_CLAIM,
                item["packageId"],
                f"{status}, but its lease expired at {item['leaseUntil']} (epoch seconds)",
            )
        elif status not in {"exporting", "queued", "failed"}:
            self.report.add(FindingKind.INCOMPLETE_PACKAGE, item["packageId"], f"unknown status {status!r}")
        return set(item.get("objects", ()))

    def _check_package(self, item: Mapping[str, Any]) -> None:
        location = f"{item['packageId']} ({item.get('name')} {item.get('version')})"
        if missing := [name for name in _REQUIRED if name not in item]:
            self.report.add(FindingKind.INCOMPLETE_PACKAGE, location, f"lacks {', '.join(missing)}")
            return
        content = read_object(self.s3, self.bucket, item["bundleKey"])
        if content is None:
            self.report.add(FindingKind.INCOMPLETE_PACKAGE, location, f"its bundle {item['bundleKey']} does not exist")
            return
        with tempfile.SpooledTemporaryFile(max_size=_MAX_IN_MEMORY) as bundle:
            digest = hashlib.sha256()
            for chunk in content:
                digest.update(chunk)
                bundle.write(chunk)
            actual = (f"sha256:{digest.hexdigest()}", bundle.tell())
            if actual != (item["checksum"], item["bundleSize"]):
                self.report.add(
                    FindingKind.WRONG_CHECKSUM,
                    location,
                    f"{actual[1]} bytes with {actual[0]}, expected {item['bundleSize']} with {item['checksum']}",
                )
            for problem in bundle_problems(bundle, item):
                self.report.add(FindingKind.WRONG_BUNDLE, location, problem)
            if (manifest := read_manifest(bundle)) is not None:
                self.index.check_package(item, manifest)
                self.signatures.check_package(item, manifest, manifest_bytes(bundle))


def _deserialize(item: Mapping[str, Any]) -> dict[str, Any]:
    read = TypeDeserializer().deserialize
    values = {name: read(value) for name, value in item.items()}
    return {name: int(value) if isinstance(value, Decimal) else value for name, value in values.items()}
