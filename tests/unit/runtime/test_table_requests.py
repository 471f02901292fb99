"""The requests of a table, and what it does with errors; what DynamoDB makes of them is an integration test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from installhub.model.errors import ServiceUnavailableError
from installhub.runtime.aws_errors import error_code
from installhub.runtime.dynamodb import Attribute, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

KEY: dict[str, Any] = {"pk": {"S": "a"}}
IS_A = Attribute("pk").equals("a")
IS_NEW = Attribute("pk").not_exists()


@dataclass
class RecordingClient:
    """Records the arguments of each call, and responds with ``pages`` or fails with ``error``."""

    pages: list[dict[str, Any]] = field(default_factory=lambda: [{"Items": []}])
    error: Exception | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)

    def _call(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        self.requests.append(dict(request))
        if self.error is not None:
            raise self.error
        return self.pages[len(self.requests) - 1]

    get_item = put_item = delete_item = update_item = query = _call


def table_with(client: RecordingClient) -> Table:
    return Table(cast("DynamoDBClient", client), "examples")


def refused(code: str) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 400}},  # type: ignore[typeddict-item]  # the other fields are not read
        "PutItem",
    )


def test_an_item_is_read_consistently_unless_requested_otherwise() -> None:
    client = RecordingClient([{"Item": KEY}, {}])
    table = table_with(client)

    assert table.get_item(KEY) == KEY
    assert table.get_item(KEY, consistent=False) is None
    common = {"TableName": "examples", "Key": KEY}
    assert client.requests == [{**common, "ConsistentRead": True}, {**common, "ConsistentRead": False}]


def test_a_query_is_eventually_consistent_unless_requested_otherwise() -> None:
    client = RecordingClient([{"Items": []}, {"Items": []}])
    table = table_with(client)

    assert [*table.query(IS_A), *table.query(IS_A, consistent=True)] == []
    assert [request["ConsistentRead"] for request in client.requests] == [False, True]
    assert "IndexName" not in client.requests[0]


def test_a_query_of_an_index_names_it_for_every_page() -> None:
    client = RecordingClient([{"Items": [KEY], "LastEvaluatedKey": KEY}, {"Items": []}])

    assert list(table_with(client).query(IS_A, index="by-id")) == [KEY]
    assert [request["IndexName"] for request in client.requests] == ["by-id", "by-id"]
    assert client.requests[1]["ExclusiveStartKey"] == KEY


WRITES: list[Callable[[Table], object]] = [
    lambda table: table.put_item(KEY, condition=IS_NEW),
    lambda table: table.delete_item(KEY, condition=IS_NEW),
]


@pytest.mark.parametrize("write", WRITES)
def test_a_write_whose_condition_does_not_hold_is_false(write: Callable[[Table], object]) -> None:
    assert write(table_with(RecordingClient(error=refused("ConditionalCheckFailedException")))) is False


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_is_refused_for_another_reason_raises(write: Callable[[Table], object]) -> None:
    with pytest.raises(ClientError):
        write(table_with(RecordingClient(error=refused("ValidationException"))))


@pytest.mark.parametrize(
    "call",
    [*WRITES, lambda table: table.get_item(KEY), lambda table: list(table.query(IS_A))],
)
def test_an_unavailable_table_is_reported_by_the_name_of_the_service(call: Callable[[Table], object]) -> None:
    unreachable = EndpointConnectionError(endpoint_url="https://dynamodb")

    with pytest.raises(ServiceUnavailableError) as failure:
        call(table_with(RecordingClient(error=unreachable)))

    assert failure.value.service == "dynamodb"


def test_an_error_without_code_has_an_empty_one() -> None:
    assert error_code(ClientError({}, "PutItem")) == ""
