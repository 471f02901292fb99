"""How packages are read: with strong consistency, and for a hundred tenants at a time."""

from __future__ import annotations

from typing import Any, cast

from installhub.packages.store import PackageStore


class RecordingDynamoDB:
    """An empty table that records whether reads are strongly consistent, and the number of values in queries."""

    def __init__(self) -> None:
        self.reads: list[bool] = []
        self.values: list[int] = []

    def get_item(self, *, ConsistentRead: bool, **_: object) -> dict[str, Any]:  # noqa: N803  # boto3's name
        self.reads.append(ConsistentRead)
        return {}

    def query(self, *, ConsistentRead: bool, **request: Any) -> dict[str, Any]:  # noqa: N803, ANN401  # boto3's name
        self.reads.append(ConsistentRead)
        self.values.append(len(request["ExpressionAttributeValues"]))
        return {"Items": []}


def test_a_package_is_found_right_after_its_commit() -> None:
    database = RecordingDynamoDB()
    packages = PackageStore(cast("Any", database), "packages")

    assert packages.find("pkg-1") is None
    assert packages.find_for_tenants("pkg-1", ["acme"]) is None

    assert database.reads == [True, True]


def test_one_query_filters_by_as_many_tenants_as_dynamodb_allows() -> None:
    database = RecordingDynamoDB()

    PackageStore(cast("Any", database), "packages").find_for_tenants("pkg-1", [f"t{number}" for number in range(250)])

    assert database.values == [1 + 100, 1 + 100, 1 + 50], "the package id, and up to 100 tenants"
