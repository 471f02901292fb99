"""BatchGetItem with retries of unprocessed keys."""

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


def batch_get(client: DynamoDBClient, table: str, keys: Sequence[NewItem], *, consistent: bool) -> list[Item]:
    """The existing items among up to :data:`MAX_BATCH_KEYS` ``keys``, in no particular order.

    DynamoDB returns only some of them if it is throttled or the response would exceed 16 MB; the others are requested
    again.

    Raises:
        ServiceUnavailableError: Several consecutive requests returned no items.
    """
    items: list[Item] = []
    pending: list[Any] = list(keys)
    stalls = 0
    while pending:
        with translate_aws_errors("dynamodb"):
            response = client.batch_get_item(RequestItems={table: {"Keys": pending, "ConsistentRead": consistent}})
        items.extend(response["Responses"].get(table, []))
        unprocessed = list(response.get("UnprocessedKeys", {}).get(table, {"Keys": []})["Keys"])
        if len(unprocessed) == len(pending):
            stalls += 1
            if stalls == _MAX_STALLS:
                raise ServiceUnavailableError("dynamodb")
            sleep_before_retry(stalls)
        pending = unprocessed
    return items
