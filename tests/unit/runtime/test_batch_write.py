"""BatchWriteItem: batches of 25, and unprocessed items are sent again until nothing is written any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from installhub.model.errors import ServiceUnavailableError
from installhub.runtime import batch_write
from installhub.runtime.batch_write import batch_delete, batch_put

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class FakeDynamoDB:
    """Processes at most ``capacity`` writes of each request."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.written: list[Any] = []
        self.sizes: list[int] = []

    def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:  # noqa: N803  # boto3's name
        ((table, writes),) = RequestItems.items()
        self.sizes.append(len(writes))
        self.written += writes[: self.capacity]
        left = writes[self.capacity :]
        return {"UnprocessedItems": {table: left} if left else {}}

    @property
    def client(self) -> DynamoDBClient:
        return cast("DynamoDBClient", self)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    waits: list[int] = []
    monkeypatch.setattr(batch_write, "sleep_before_retry", waits.append)
    return waits


def items(count: int) -> list[Any]:
    return [{"pk": {"S": str(number)}} for number in range(count)]


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (25, [25]), (26, [25, 1]), (60, [25, 25, 10])])
def test_items_are_put_in_batches(count: int, sizes: list[int]) -> None:
    dynamodb = FakeDynamoDB(25)

    batch_put(dynamodb.client, "table", items(count))

    assert dynamodb.sizes == sizes
    assert dynamodb.written == [{"PutRequest": {"Item": item}} for item in items(count)]


def test_items_are_deleted_by_their_keys() -> None:
    dynamodb = FakeDynamoDB(25)

    batch_delete(dynamodb.client, "table", items(2))

    assert dynamodb.written == [{"DeleteRequest": {"Key": key}} for key in items(2)]


@pytest.mark.parametrize("capacity", [1, 7, 24])
def test_unprocessed_items_are_sent_again(waits: list[int], capacity: int) -> None:
    dynamodb = FakeDynamoDB(capacity)

    batch_put(dynamodb.client, "table", items(30))

    assert sorted(write["PutRequest"]["Item"]["pk"]["S"] for write in dynamodb.written) == sorted(map(str, range(30)))
    assert waits == [], "something was written by each request"


def test_a_table_that_accepts_nothing_is_reported_after_a_few_waits(waits: list[int]) -> None:
    dynamodb = FakeDynamoDB(0)

    with pytest.raises(ServiceUnavailableError) as failure:
        batch_put(dynamodb.client, "table", items(1))

    assert failure.value.service == "dynamodb"
    assert waits == [1, 2, 3, 4, 5]


def test_a_failing_service_is_named() -> None:
    class Failing(FakeDynamoDB):
        def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:  # noqa: ARG002, N803
            raise EndpointConnectionError(endpoint_url="https://dynamodb.example")

    with pytest.raises(ServiceUnavailableError) as failure:
        batch_put(Failing(0).client, "table", items(1))

    assert failure.value.service == "dynamodb"
