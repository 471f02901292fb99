"""Batched reads that retry unprocessed keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from installhub.model.errors import ServiceUnavailableError
from installhub.runtime.aws_errors import sleep_before_retry, translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.runtime.dynamodb import Item, NewItem

MAX_BATCH_KEYS: Final = 100
"""Maximum number of keys in one BatchGetItem (a DynamoDB quota)."""

_MAX_STALLS: Final = 6


def batch_get(client: DynamoDBClient, table: str, keys: Sequence[NewItem], *, consistent: bool = False) -> list[Item]:
    """The items that exist among up to :data:`MAX_BATCH_KEYS` ``keys``, in no particular order.

    DynamoDB returns a part if capacity is short or the response would exceed 16 MB; the rest is requested again.

    Raises:
        ServiceUnavailableError: Several requests in a row returned nothing.
    """
    items: list[Item] = []
    pending: list[Any] = list(keys)
    stalls = 0
    while pending:
        with translate_aws_errors("dynamodb"):
            response = client.batch_get_item(RequestItems={table: {"Keys": pending, "ConsistentRead": consistent}})
        items.extend(response["Responses"].get(table, []))
        rest = list(response.get("UnprocessedKeys", {}).get(table, {"Keys": []})["Keys"])
        if len(rest) == len(pending):
            stalls += 1
            if stalls == _MAX_STALLS:
                raise ServiceUnavailableError("dynamodb")
            sleep_before_retry(stalls)
        pending = rest
    return items
