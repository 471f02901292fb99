"""Audits the package index: every package has an item for each of its artifacts, and every item has its package."""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from operations.audit.findings import FindingKind, Report

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEYS_PER_REQUEST: Final = 100
_SORT_KEY: Final = "{exportedAt}#{packageId}"


@dataclass
class IndexAudit:
    """Audits one package index.

    Attributes:
        dynamodb: The DynamoDB client.
        table: The package index.
        packages_table: The packages table.
        report: Receives the findings.
        grace: Minimum age of a package to be reported: it is indexed after its export.
        now: The time of the audit.
    """

    dynamodb: DynamoDBClient
    table: str
    packages_table: str
    report: Report
    grace: dt.timedelta
    now: dt.datetime
    _expected: dict[str, int] = field(default_factory=dict)

    def check_package(self, package: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
        """Check the items of a package, given its deserialized record and its manifest."""
        sort_key = _SORT_KEY.format(**package)
        self._expected[sort_key] = len(manifest["artifacts"]) + 2
        tenant = _digest(package["tenantId"])
        common = {"name": package["name"], "version": package["version"], "type": package["packageType"]}
        expected = {
            f"A#{tenant}#{artifact['id']}": {**common, "sha256": artifact["sha256"]}
            for artifact in manifest["artifacts"]
        }
        listed = _listed(package) | {**common, "artifacts": len(manifest["artifacts"])}
        expected[f"N#{tenant}#{_digest(_normalized(package['name']))}"] = listed
        expected[f"T#{tenant}"] = listed
        found = {item["pk"]: item for item in self._read(sort_key, list(expected))}
        wrong = [key for key, attributes in expected.items() if not _matches(found.get(key), attributes)]
        if wrong and self.now - dt.datetime.fromisoformat(package["exportedAt"]) > self.grace:
            detail = f"{len(wrong)} of its {len(expected)} items in the package index are missing or wrong: {wrong[0]}"
            self.report.add(FindingKind.UNINDEXED_PACKAGE, f"{package['packageId']}", detail)

    def run(self) -> None:
        """Find items without a package, after all packages were checked."""
        counts: Counter[str] = Counter()
        for page in self.dynamodb.get_paginator("scan").paginate(
            TableName=self.table, ProjectionExpression="sk", ConsistentRead=True
        ):
            counts.update(item["sk"]["S"] for item in page["Items"])
        self.report.checked["items of the package index"] += counts.total()
        for sort_key, count in sorted(counts.items()):
            expected = self._expected.get(sort_key, 0)
            if count > expected and (expected or not self._exists(sort_key)):
                detail = f"{count} items, {expected} expected: no package in the table explains the others"
                self.report.add(FindingKind.ORPHAN_INDEX_ITEM, f"{self.table} {sort_key}", detail)

    def _read(self, sort_key: str, partitions: Sequence[str]) -> Iterator[dict[str, Any]]:
        for start in range(0, len(partitions), _KEYS_PER_REQUEST):
            keys: Any = [
                {"pk": {"S": key}, "sk": {"S": sort_key}} for key in partitions[start : start + _KEYS_PER_REQUEST]
            ]
            requests: Any = {self.table: {"Keys": keys, "ConsistentRead": True}}
            while requests:
                response = self.dynamodb.batch_get_item(RequestItems=requests)
                for item in response["Responses"].get(self.table, []):
                    yield {name: _plain(value) for name, value in item.items()}
                requests = response.get("UnprocessedKeys")

    def _exists(self, sort_key: str) -> bool:
        """Whether the package exists after all: it may have been exported during the audit."""
        exported_at, _, package_id = sort_key.partition("#")
        key: Any = {"packageId": {"S": package_id}}
        item = self.dynamodb.get_item(TableName=self.packages_table, Key=key, ConsistentRead=True).get("Item", {})
        return item.get("exportedAt", {}).get("S") == exported_at


def _listed(package: Mapping[str, Any]) -> dict[str, Any]:
    """What lists of packages show of a package, given its deserialized record."""
    optional = {name: package[name] for name in ("description", "author") if name in package}
    return optional | {
        "normalized": _normalized(package["name"]),
        "tags": [{"S": tag} for tag in package["tags"]],
        "tenant": package["tenantId"],
        "size": package["bundleSize"],
        "checksum": package["checksum"].removeprefix("sha256:"),
        "exportedBy": package["exportedBy"],
        "lifecycle": package.get("lifecycle", "active"),
        "revision": package.get("lifecycleRevision", 0),
    }


def _normalized(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name.strip()).casefold())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _matches(item: Mapping[str, Any] | None, expected: Mapping[str, Any]) -> bool:
    """Whether an item has the expected attributes. Its lifecycle may be a later one: it may just have changed."""
    if item is None:
        return False
    ignored = {"pk", "sk"}
    if item.get("revision", 0) > expected.get("revision", 0):
        ignored |= {"lifecycle", "revision"}
    found, wanted = (
        {name: value for name, value in fields.items() if name not in ignored} for fields in (item, expected)
    )
    return found == wanted


def _plain(value: Mapping[str, Any]) -> Any:  # noqa: ANN401  # a string, a number or a list
    ((kind, content),) = value.items()
    match kind:
        case "B":
            return bytes(content).hex()
        case "N":
            return int(content)
        case "L":
            return list(content)
        case _:
            return str(content)
