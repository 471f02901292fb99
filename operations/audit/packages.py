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

from operations.audit.buckets import content_of, exists, keys_of
from operations.audit.bundle import faults_of
from operations.audit.findings import Kind, Report

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

_IN_MEMORY: Final = 16 * 1024 * 1024
_OWN: Final = ("tenantId", "name", "version", "packageType", "checksum", "bundleKey", "bundleSize", "exportedAt")


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
        objects = keys_of(self.s3, self.bucket)
        self.report.looked_at["bundle objects"] += len(objects)
        owned: set[str] = set()
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        for page in pages:
            for item in page["Items"]:
                owned |= self._look(_plain(item))
                self.progress()
        for key in sorted(objects.keys() - owned):
            if exists(self.s3, self.bucket, key):  # a claim may have been given up meanwhile, with its object
                self.report.add(Kind.ORPHAN_BUNDLE, f"{self.bucket}/{key}", "no package and no claim knows it")

    def _look(self, item: Mapping[str, Any]) -> set[str]:
        """Judge an item, and return the objects that belong to it."""
        status = item.get("status")
        self.report.looked_at[f"{status} packages"] += 1
        if status == "exported":
            self._look_at_package(item)
            return {str(item.get("bundleKey"))}
        if status in {"exporting", "queued"} and item["leaseUntil"] < self.clock():
            self.report.add(
                Kind.EXPIRED_CLAIM, item["packageId"], f"{status}, with a lease until {item['leaseUntil']} (epoch)"
            )
        elif status not in {"exporting", "queued", "failed"}:
            self.report.add(Kind.HALF_PACKAGE, item["packageId"], f"has the status {status!r}")
        return set(item.get("objects", ()))

    def _look_at_package(self, item: Mapping[str, Any]) -> None:
        place = f"{item['packageId']} ({item.get('name')} {item.get('version')})"
        if lacking := [name for name in _OWN if name not in item]:
            self.report.add(Kind.HALF_PACKAGE, place, f"has no {', '.join(lacking)}")
            return
        content = content_of(self.s3, self.bucket, item["bundleKey"])
        if content is None:
            self.report.add(Kind.HALF_PACKAGE, place, f"its bundle {item['bundleKey']} is not there")
            return
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as bundle:
            digest = hashlib.sha256()
            for chunk in content:
                digest.update(chunk)
                bundle.write(chunk)
            found = (f"sha256:{digest.hexdigest()}", bundle.tell())
            if found != (item["checksum"], item["bundleSize"]):
                self.report.add(
                    Kind.WRONG_CHECKSUM,
                    place,
                    f"the bundle has {found[1]} bytes of {found[0]}, not {item['bundleSize']} of {item['checksum']}",
                )
            for fault in faults_of(bundle, item):
                self.report.add(Kind.WRONG_BUNDLE, place, fault)


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    read = TypeDeserializer().deserialize
    values = {name: read(value) for name, value in item.items()}
    return {name: int(value) if isinstance(value, Decimal) else value for name, value in values.items()}
