"""Audits artifacts: every edge item has its definition, every definition is intact, and no object is orphaned."""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from operations.audit.buckets import exists, list_objects, read_object
from operations.audit.findings import FindingKind, Report

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

GRACE: Final = dt.timedelta(hours=1)
"""Minimum age of an orphaned object: a publisher writes the object before its body item."""

_EDGE, _BODY = "E#", "B#"
_DOWNLOADS: Final = "downloads/"


@dataclass(frozen=True)
class ArtifactAudit:
    """Audits one artifacts table and its bucket.

    Attributes:
        dynamodb: The DynamoDB client.
        s3: The S3 client.
        table: The artifacts table.
        bucket: The definition bucket.
        report: Receives the findings.
        grace: Minimum age of an object to be reported as orphaned.
        progress: Called after each artifact.
    """

    dynamodb: DynamoDBClient
    s3: S3Client
    table: str
    bucket: str
    report: Report
    grace: dt.timedelta = GRACE
    progress: Callable[[], None] = lambda: None

    def run(self) -> None:
        """Audit the whole table and bucket."""
        listed = list_objects(self.s3, self.bucket)
        # Unpacked copies for downloads are deleted by a lifecycle rule, whatever happens to the artifact.
        objects = {key: written for key, written in listed.items() if not key.startswith(_DOWNLOADS)}
        self.report.checked["definition objects"] += len(objects)
        bodies: set[tuple[str, str]] = set()
        referenced: dict[tuple[str, str], str] = {}
        owned: set[str] = set()
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True):
            for item in page["Items"]:
                key = (item["pk"]["S"], item["sk"]["S"])
                if key[1].startswith(_EDGE):
                    referenced[key[0], _body_key(item)] = key[1]
                    self.report.checked["artifacts"] += 1
                    self.progress()
                elif key[1].startswith(_BODY):
                    bodies.add(key)
                    owned |= self._check_body(item, " ".join(key))
        for (partition, body), edge in referenced.items():
            if (partition, body) not in bodies:
                self._confirm_missing(partition, edge, body)
        self._report_orphans({key: written for key, written in objects.items() if key not in owned})

    def _check_body(self, item: Mapping[str, Any], location: str) -> set[str]:
        """Check a body item and its definition; return the key of its object, if it has one."""
        self.report.checked["definitions"] += 1
        if "objectKey" not in item:
            self._check_definition([item["data"]["B"]], item, location)
            return set()
        key = item["objectKey"]["S"]
        content = read_object(self.s3, self.bucket, key)
        if content is not None:
            self._check_definition(content, item, location)
        elif "expiresAt" not in item:  # the object of a superseded definition may expire before its body item
            self.report.add(FindingKind.MISSING_DEFINITION, location, f"its object {key} does not exist")
        return {key}

    def _check_definition(self, packed: Iterable[bytes], item: Mapping[str, Any], location: str) -> None:
        inflater, digest = zlib.decompressobj(-zlib.MAX_WBITS), hashlib.sha256()
        crc, size, packed_size = 0, 0, 0
        try:
            for chunk in packed:
                content = inflater.decompress(chunk)
                digest.update(content)
                crc = zlib.crc32(content, crc)
                size += len(content)
                packed_size += len(chunk)
        except zlib.error as error:
            self.report.add(FindingKind.WRONG_DEFINITION, location, f"cannot be decompressed: {error}")
            return
        actual = (digest.hexdigest(), crc, size, packed_size)
        expected = (item["sk"]["S"].rpartition("#")[2], *(int(item[name]["N"]) for name in ("crc32", "size", "packed")))
        if actual != expected or not inflater.eof:
            detail = f"(digest, CRC, size, packed size) is {actual}, expected {expected}"
            self.report.add(FindingKind.WRONG_DEFINITION, location, detail)

    def _confirm_missing(self, partition: str, edge: str, body: str) -> None:
        """Read the items again: a publisher may have changed the artifact between two pages of the scan."""
        keys = [{"pk": {"S": partition}, "sk": {"S": sort_key}} for sort_key in (edge, body)]
        responses = self.dynamodb.transact_get_items(
            TransactItems=[{"Get": {"TableName": self.table, "Key": key}} for key in keys]
        )["Responses"]
        now_edge, now_body = (response.get("Item") for response in responses)
        if now_edge is not None and _body_key(now_edge) == body and now_body is None:
            self.report.add(FindingKind.MISSING_DEFINITION, f"{partition} {edge}", f"the item {body} does not exist")

    def _report_orphans(self, unowned: Mapping[str, dt.datetime]) -> None:
        now = dt.datetime.now(tz=dt.UTC)
        for key, written in sorted(unowned.items()):
            if now - written > self.grace and exists(self.s3, self.bucket, key) and not self._is_superseded(key):
                self.report.add(
                    FindingKind.ORPHAN_DEFINITION,
                    f"{self.bucket}/{key}",
                    f"written {written:%Y-%m-%d %H:%M}, no body item refers to it",
                )

    def _is_superseded(self, key: str) -> bool:
        """Whether the bucket's lifecycle rule will delete the object."""
        tags = self.s3.get_object_tagging(Bucket=self.bucket, Key=key)["TagSet"]
        return {"Key": "state", "Value": "superseded"} in tags


def _body_key(edge: Mapping[str, Any]) -> str:
    artifact = hashlib.sha256(edge["id"]["S"].encode()).hexdigest()[:32]
    return f"{_BODY}{artifact}#{bytes(edge['sha256']['B']).hex()}"
