"""The items of the packages table, whose attributes must stay those of deployed tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from installhub.bundler.layout import BundleLayout
from installhub.packages import records
from installhub.packages.records import (
    AcceptedExport,
    Claim,
    accepted_export_attributes,
    claim_from_item,
    primary_key,
    record_attributes,
    record_from_item,
)
from tests.builders import record

KEY: Final[dict[str, Any]] = {"packageId": {"S": "pkg-a3f9c821-4b2e-59d1-bc44-f7e2a1c09d33"}}
RECORD = replace(
    record(tenant="acme"),
    description=replace(record().description, description="All of it", author="HR", tags=("hr", "2026")),
    layout=BundleLayout(size=400, manifest_offset=43, manifest_packed_size=101, manifest_size=202),
    request_id="http:1",
    requested_at="2026-05-25T08:59:00Z",
)
ITEM: Final[dict[str, Any]] = {
    "tenantId": {"S": "acme"},
    "status": {"S": "exported"},
    "name": {"S": "Employee Onboarding"},
    "version": {"S": "2.1.0"},
    "packageType": {"S": "workflow-package"},
    "description": {"S": "All of it"},
    "author": {"S": "HR"},
    "tags": {"L": [{"S": "hr"}, {"S": "2026"}]},
    "checksum": {"S": RECORD.checksum},
    "bundleKey": {"S": RECORD.bundle_key},
    "bundleSize": {"N": "400"},
    "manifestOffset": {"N": "43"},
    "manifestPackedSize": {"N": "101"},
    "manifestSize": {"N": "202"},
    "artifactCount": {"N": "5"},
    "exportedAt": {"S": "2026-05-25T09:00:00Z"},
    "exportedBy": {"S": "user-1"},
    "requestId": {"S": "http:1"},
    "requestedAt": {"S": "2026-05-25T08:59:00Z"},
}
OPTIONAL: Final = {"description", "author", "requestId", "requestedAt"}
MINIMAL = replace(
    RECORD,
    description=replace(RECORD.description, description=None, author=None),
    request_id=None,
    requested_at=None,
)
CLAIM_ITEM: Final[dict[str, Any]] = {**KEY, "attemptId": {"S": "a-1"}, "objects": {"L": [{"S": "x"}, {"S": "y"}]}}
ACCEPTED = AcceptedExport("acme", "Suite", "1.0.0", "user-1", "2026-05-25T08:59:00Z", 1_800_000_000)


def test_a_package_is_an_item_with_every_field() -> None:
    assert primary_key(RECORD.description.package_id) == KEY
    assert record_attributes(RECORD) == ITEM


def test_a_package_in_an_item_has_every_field() -> None:
    assert record_from_item({**KEY, **ITEM}) == RECORD


def test_an_item_lacks_the_optional_fields_that_a_package_lacks() -> None:
    item = {name: value for name, value in ITEM.items() if name not in OPTIONAL}

    assert record_attributes(MINIMAL) == item
    assert record_from_item({**KEY, **item}) == MINIMAL


def test_a_claim_in_an_item_has_every_field() -> None:
    assert claim_from_item(CLAIM_ITEM) == Claim(KEY["packageId"]["S"], "a-1", ("x", "y"))
    assert claim_from_item({**CLAIM_ITEM, "queuedUntil": {"N": "1800"}}).queued_until == 1800


def test_an_accepted_export_adds_what_its_caller_asked_for() -> None:
    assert accepted_export_attributes(ACCEPTED) == {
        "tenantId": {"S": "acme"},
        "name": {"S": "Suite"},
        "version": {"S": "1.0.0"},
        "requestedBy": {"S": "user-1"},
        "requestedAt": {"S": "2026-05-25T08:59:00Z"},
        "queuedUntil": {"N": "1800000000"},
    }
    assert set(accepted_export_attributes(ACCEPTED)) == set(records.ACCEPTED_EXPORT_ATTRIBUTES)


def test_statuses_and_attributes_are_those_of_deployed_tables() -> None:
    assert list(records.PackageStatus) == ["queued", "exporting", "exported", "failed"]
    assert (records.LEASE_KIND, records.LEASE_UNTIL, records.LEASE_INDEX) == ("leaseKind", "leaseUntil", "by-lease")
    assert (records.EXPORT_LEASE, records.QUEUE_LEASE, records.FAILURE_LEASE) == ("export", "queued", "failed")
    assert records.PROGRESS_ATTRIBUTES == ("done", "total", "errors")
