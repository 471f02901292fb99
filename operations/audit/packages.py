"""Audits packages: their records, their bundles, and what is in the bucket without belonging to any."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeDeserializer

from operations.audit.buckets import read_object, exists, list_objects
from operations.audit.bundle import bundle_problems
from operations.audit.findings import FindingKind, Report

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

_MAX_IN_MEMORY: Final = 16 * 1024 * 1024
_REQUIRED: Final = ("tenantId", "name", "version", "packageType", "checksum", "bundleKey", "bundleSize", "exportedAt")


@dataclass(frozen=True)
class PackageAudit:
    """Audits one packages table and its bucket.

    Attributes:
        dynamodb: Client.
        s3: Client.
        table: The packages table.
        bucket: The bundle bucket.
        report: Where findings go.
        clock: Gives epoch seconds.
        progress: Is called after each package.
    """

    dynamodb: DynamoDBClient
    s3: S3Client
    table: str
    bucket: str
    report: Report
    clock: Callable[[], float] = time.time
    progress: Callable[[], None] = lambda: None

    def run(self) -> None:
        """Look at everything."""
        # Objects first: each has had a claim before it was written, so that its owner is found below.
        objects = list_objects(self.s3, self.bucket)
        self.report.checked["bundle objects"] += len(objects)
        owned: set[str] = set()
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        for page in pages:
            for item in page["Items"]:
                owned |= self._check_item(_deserialize(item))
                self.progress()
        for key in sorted(objects.keys() - owned):
            if exists(self.s3, self.bucket, key):  # a claim may have been given up meanwhile, with its object
                self.report.add(FindingKind.ORPHAN_BUNDLE, f"{self.bucket}/{key}", "no package and no claim knows it")

    def _check_item(self, item: Mapping[str, Any]) -> set[str]:
        """Judge an item, and return the objects that belong to it."""
        status = item.get("status")
        self.report.checked[f"{status} packages"] += 1
        if status == "exported":
            self._check_package(item)
            return {str(item.get("bundleKey"))}
        if status in {"exporting", "queued"} and item["leaseUntil"] < self.clock():
            self.report.add(
                FindingKind.EXPIRED_CLAIM,
                item["packageId"],
                f"{status}, with a lease until {item['leaseUntil']} (epoch)",
            )
        elif status not in {"exporting", "queued", "failed"}:
            self.report.add(FindingKind.INCOMPLETE_PACKAGE, item["packageId"], f"has the status {status!r}")
        return set(item.get("objects", ()))

    def _check_package(self, item: Mapping[str, Any]) -> None:
        place = f"{item['packageId']} ({item.get('name')} {item.get('version')})"
        if lacking := [name for name in _REQUIRED if name not in item]:
            self.report.add(FindingKind.INCOMPLETE_PACKAGE, place, f"has no {', '.join(lacking)}")
            return
        content = read_object(self.s3, self.bucket, item["bundleKey"])
        if content is None:
            self.report.add(FindingKind.INCOMPLETE_PACKAGE, place, f"its bundle {item['bundleKey']} is not there")
            return
        with tempfile.SpooledTemporaryFile(max_size=_MAX_IN_MEMORY) as bundle:
            digest = hashlib.sha256()
            for chunk in content:
                digest.update(chunk)
                bundle.write(chunk)
            found = (f"sha256:{digest.hexdigest()}", bundle.tell())
            if found != (item["checksum"], item["bundleSize"]):
                self.report.add(
                    FindingKind.WRONG_CHECKSUM,
                    place,
                    f"the bundle has {found[1]} bytes of {found[0]}, not {item['bundleSize']} of {item['checksum']}",
                )
            for fault in bundle_problems(bundle, item):
                self.report.add(FindingKind.WRONG_BUNDLE, place, fault)


def _deserialize(item: Mapping[str, Any]) -> dict[str, Any]:
    read = TypeDeserializer().deserialize
    values = {name: read(value) for name, value in item.items()}
    return {name: int(value) if isinstance(value, Decimal) else value for name, value in values.items()}
