"""BatchGetItem: unprocessed keys are requested again, and a table that returns nothing is given up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from installhub.artifacts import batch_get as batch_get_module
from installhub.artifacts.batch_get import MAX_BATCH_KEYS, batch_get
from installhub.model.errors import ServiceUnavailableError

Key = dict[str, Any]
KEYS: list[Key] = [{"pk": {"S": str(number)}} for number in range(3)]


@dataclass
class ThrottledDynamoDB:
    """Processes only as many keys per request as listed, then all."""

    processed: list[int]
    requests: list[Any] = field(default_factory=list)

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803  # boto3's name
        self.requests.append(RequestItems)
        keys = RequestItems["table"]["Keys"]
        count = self.processed.pop(0) if self.processed else len(keys)
        response: dict[str, Any] = {"Responses": {"table": keys[:count]}}
        if count < len(keys):
            response["UnprocessedKeys"] = {"table": {"Keys": keys[count:]}}
        return response


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the stalls before which batch_get waited, without waiting."""
    stalls: list[int] = []
    monkeypatch.setattr(batch_get_module, "sleep_before_retry", stalls.append)
    return stalls


def read(database: ThrottledDynamoDB, *, consistent: bool = False) -> list[Any]:
    return batch_get(cast("Any", database), "table", KEYS, consistent=consistent)


def test_a_request_has_as_many_keys_as_dynamodb_allows() -> None:
    assert MAX_BATCH_KEYS == 100


@pytest.mark.parametrize("consistent", [False, True])
def test_all_items_are_read_with_one_request(consistent: bool) -> None:  # noqa: FBT001  # a parameter of the test
    database = ThrottledDynamoDB([])

    assert read(database, consistent=consistent) == KEYS
    assert database.requests == [{"table": {"Keys": KEYS, "ConsistentRead": consistent}}]


def test_only_unprocessed_keys_are_requested_again_without_waiting(waits: list[int]) -> None:
    database = ThrottledDynamoDB([1, 1, 1])

    assert read(database) == KEYS
    assert [request["table"]["Keys"] for request in database.requests] == [KEYS, KEYS[1:], KEYS[2:]]
    assert waits == []


def test_a_request_that_returns_nothing_is_repeated_after_growing_waits(waits: list[int]) -> None:
    assert read(ThrottledDynamoDB([0, 0, 0, 0, 0])) == KEYS
    assert waits == [1, 2, 3, 4, 5]


def test_after_six_requests_that_return_nothing_the_table_is_unavailable(waits: list[int]) -> None:
    with pytest.raises(ServiceUnavailableError) as failure:
        read(ThrottledDynamoDB([0] * 6))

    assert failure.value.service == "dynamodb"
    assert len(waits) == 5


def test_an_unreachable_table_is_a_service_that_is_unavailable() -> None:
    def unreachable(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    database = ThrottledDynamoDB([])
    database.batch_get_item = unreachable  # type: ignore[method-assign, assignment]

    with pytest.raises(ServiceUnavailableError) as failure:
        read(database)

    assert failure.value.service == "dynamodb"


def test_without_keys_nothing_is_requested() -> None:
    database = ThrottledDynamoDB([])

    assert batch_get(cast("Any", database), "table", [], consistent=False) == []
    assert database.requests == []
