"""Batched reads that see unprocessed keys through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from installhub.model.errors import ServiceUnavailableError
from installhub.runtime.aws_errors import sleep_before_retry, translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.runtime.dynamodb import Item, NewItem

MAX_BATCH_KEYS: Final = 100
"""Most keys of one BatchGetItem (a DynamoDB quota)."""

_MAX_STALLS: Final = 6


def batch_get(client: DynamoDBClient, table: str, keys: Sequence[NewItem], *, consistent: bool = False) -> list[Item]:
    """The items that exist among up to :data:`MAX_BATCH_KEYS` ``keys``, in no particular order.

    DynamoDB answers in part when it is short of capacity or the answer would pass 16 MB; the rest is asked for again.

    Raises:
        ServiceUnavailableError: Again and again nothing at all was answered.
    """
    items: list[Item] = []
    pending: list[Any] = list(keys)
    stalls = 0
    while pending:
        with translate_aws_errors("dynamodb"):
            answer = client.batch_get_item(RequestItems={table: {"Keys": pending, "ConsistentRead": consistent}})
        items.extend(answer["Responses"].get(table, []))
        rest = list(answer.get("UnprocessedKeys", {}).get(table, {"Keys": []})["Keys"])
        if len(rest) == len(pending):
            stalls += 1
            if stalls == _MAX_STALLS:
                raise ServiceUnavailableError("dynamodb")
            sleep_before_retry(stalls)
        pending = rest
    return items
