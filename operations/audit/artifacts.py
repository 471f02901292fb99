"""Audits artifacts: that each edge has the definition it names, and that no object is kept for nobody."""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from operations.audit.buckets import read_object, exists, list_objects
from operations.audit.findings import FindingKind, Report

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

GRACE: Final = dt.timedelta(hours=1)
"""How old an object without a body must be to count: a publisher writes the object first."""

_EDGE, _BODY = "E#", "B#"


@dataclass(frozen=True)
class ArtifactAudit:
    """Audits one artifacts table and its bucket.

    Attributes:
        dynamodb: Client.
        s3: Client.
        table: The artifacts table.
        bucket: The definition bucket.
        report: Where findings go.
        grace: How old an object must be to be called an orphan.
        progress: Is called after each artifact.
    """

    dynamodb: DynamoDBClient
    s3: S3Client
    table: str
    bucket: str
    report: Report
    grace: dt.timedelta = GRACE
    progress: Callable[[], None] = lambda: None

    def run(self) -> None:
        """Look at everything."""
        objects = list_objects(self.s3, self.bucket)
        self.report.checked["definition objects"] += len(objects)
        bodies: set[tuple[str, str]] = set()
        wanted: dict[tuple[str, str], str] = {}
        owned: set[str] = set()
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True):
            for item in page["Items"]:
                place = (item["pk"]["S"], item["sk"]["S"])
                if place[1].startswith(_EDGE):
                    wanted[place[0], _body_key(item)] = place[1]
                    self.report.checked["artifacts"] += 1
                    self.progress()
                elif place[1].startswith(_BODY):
                    bodies.add(place)
                    owned |= self._check_body(item, " ".join(place))
        for (partition, body), edge in wanted.items():
            if (partition, body) not in bodies:
                self._confirm_missing(partition, edge, body)
        self._report_orphans({key: written for key, written in objects.items() if key not in owned})

    def _check_body(self, item: Mapping[str, Any], place: str) -> set[str]:
        """Judge a definition, and return the object that it is kept in."""
        self.report.checked["definitions"] += 1
        if "objectKey" not in item:
            self._check_definition([item["data"]["B"]], item, place)
            return set()
        key = item["objectKey"]["S"]
        content = read_object(self.s3, self.bucket, key)
        if content is not None:
            self._check_definition(content, item, place)
        elif "expiresAt" not in item:  # a superseded one may go before its body does
            self.report.add(FindingKind.MISSING_DEFINITION, place, f"its object {key} is not there")
        return {key}

    def _check_definition(self, packed: Iterable[bytes], item: Mapping[str, Any], place: str) -> None:
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
            self.report.add(FindingKind.WRONG_DEFINITION, place, f"cannot be inflated: {error}")
            return
        found = (digest.hexdigest(), crc, size, packed_size)
        said = (item["sk"]["S"].rpartition("#")[2], *(int(item[name]["N"]) for name in ("crc32", "size", "packed")))
        if found != said or not inflater.eof:
            self.report.add(
                FindingKind.WRONG_DEFINITION, place, f"holds (digest, CRC, size, packed size) {found}, not {said}"
            )

    def _confirm_missing(self, partition: str, edge: str, body: str) -> None:
        """A publisher may have changed the artifact between the pages of the scan."""
        keys = [{"pk": {"S": partition}, "sk": {"S": sort_key}} for sort_key in (edge, body)]
        answers = self.dynamodb.transact_get_items(
            TransactItems=[{"Get": {"TableName": self.table, "Key": key}} for key in keys]
        )["Responses"]
        now_edge, now_body = (answer.get("Item") for answer in answers)
        if now_edge is not None and _body_key(now_edge) == body and now_body is None:
            self.report.add(FindingKind.MISSING_DEFINITION, f"{partition} {edge}", f"there is no item {body}")

    def _report_orphans(self, unowned: Mapping[str, dt.datetime]) -> None:
        now = dt.datetime.now(tz=dt.UTC)
        for key, written in sorted(unowned.items()):
            if now - written > self.grace and exists(self.s3, self.bucket, key) and not self._is_superseded(key):
                self.report.add(
                    FindingKind.ORPHAN_DEFINITION,
                    f"{self.bucket}/{key}",
                    f"written {written:%Y-%m-%d %H:%M}, no body knows it",
                )

    def _is_superseded(self, key: str) -> bool:
        """A rule of the bucket removes those in time."""
        tags = self.s3.get_object_tagging(Bucket=self.bucket, Key=key)["TagSet"]
        return {"Key": "state", "Value": "superseded"} in tags


def _body_key(edge: Mapping[str, Any]) -> str:
    artifact = hashlib.sha256(edge["id"]["S"].encode()).hexdigest()[:32]
    return f"{_BODY}{artifact}#{bytes(edge['sha256']['B']).hex()}"
