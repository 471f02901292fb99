"""The keys of the package index: within DynamoDB's limits, in order, and never those of another tenant."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from installhub.bundler.layout import BundleLayout
from installhub.model.artifact import MAX_ID_LENGTH, PackageType
from installhub.model.package import PackageDescription
from installhub.packages import index_items
from installhub.packages.index_items import ContainingPackage
from installhub.packages.records import PackageRecord

MAX_PARTITION_KEY_BYTES = 2048  # DynamoDB's
ID = "pkg-ea5114f2-d74f-5be1-8bf8-502545bb8a55"
SHA256 = "3f" * 32
RECORD = PackageRecord(
    description=PackageDescription(ID, "Suite", "1.0.0", PackageType.CONFIG, None, None, ()),
    tenant="t-1",
    checksum="",
    bundle_key="",
    layout=BundleLayout(0, 0, 0, 0),
    artifact_count=7,
    exported_at="2026-05-25T09:00:00Z",
    exported_by="somebody",
)


def test_a_membership_item_has_all_that_a_list_shows() -> None:
    item = index_items.membership_item(RECORD, {"id": "rule", "sha256": SHA256, "size": 3})

    assert index_items.containing_package(item) == ContainingPackage(  # type: ignore[arg-type]  # as DynamoDB returns it
        ID, "Suite", "1.0.0", PackageType.CONFIG, "2026-05-25T09:00:00Z", SHA256
    )


def test_keys_are_the_same_for_writing_and_deleting() -> None:
    membership = index_items.membership_item(RECORD, {"id": "rule", "sha256": SHA256})

    assert membership.items() >= index_items.membership_key(RECORD, "rule").items()
    assert index_items.package_item(RECORD).items() >= index_items.package_key(RECORD).items()


def test_the_longest_keys_are_within_the_limit() -> None:
    key = index_items.artifact_partition("長" * 1000, "\U0001f600" * MAX_ID_LENGTH)

    assert len(key.encode()) == 1091 < MAX_PARTITION_KEY_BYTES


@pytest.mark.parametrize(
    ("one", "other"), [(("a", "b#c"), ("a#b", "c")), (("a", ""), ("", "a")), (("t", "x"), ("t", "X"))]
)
def test_different_artifacts_have_different_partitions(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert index_items.artifact_partition(*one) != index_items.artifact_partition(*other)


def test_partitions_of_a_tenant_are_found_by_their_prefix() -> None:
    prefix = index_items.membership_prefix("t-1")

    assert index_items.artifact_partition("t-1", "rule").startswith(prefix)
    assert not index_items.artifact_partition("t-10", "rule").startswith(prefix)


def test_later_exports_have_higher_sort_keys() -> None:
    times = ["2026-05-25T09:00:00Z", "2026-05-25T09:00:01Z", "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z"]
    keys = [index_items.package_key(replace(RECORD, exported_at=time))["sk"]["S"] for time in times]

    assert all(earlier < later for earlier, later in pairwise(keys))
    assert all(map(index_items.is_sort_key, keys))


@pytest.mark.parametrize(
    "text", ["", ID, f"2026-05-25T09:00:00Z#{ID}\n", f"2026-05-25T09:00:00Z#{ID}0", f"2026-05-25T09:00:0٣Z#{ID}"]
)
def test_other_texts_are_no_sort_keys(text: str) -> None:
    assert not index_items.is_sort_key(text)
