"""BatchWriteItem with retries of unprocessed items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from installhub.model.errors import ServiceUnavailableError
from installhub.runtime.aws_errors import sleep_before_retry, translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.runtime.dynamodb import NewItem

_MAX_BATCH_ITEMS: Final = 25  # a DynamoDB quota
_MAX_STALLS: Final = 6


def batch_put(client: DynamoDBClient, table: str, items: Sequence[NewItem]) -> None:
    """Put ``items``, in any order and not atomically. Existing items with the same keys are replaced.

    Raises:
        ServiceUnavailableError: Several consecutive requests wrote nothing. Some of the items may have been written.
    """
    _batch_write(client, table, [{"PutRequest": {"Item": item}} for item in items])


def batch_delete(client: DynamoDBClient, table: str, keys: Sequence[NewItem]) -> None:
    """Delete the items with the primary keys ``keys``, in any order and not atomically. They may not exist.

    Raises:
        ServiceUnavailableError: Several consecutive requests deleted nothing. Some of the items may have been deleted.
    """
    _batch_write(client, table, [{"DeleteRequest": {"Key": key}} for key in keys])


def _batch_write(client: DynamoDBClient, table: str, writes: Sequence[Any]) -> None:
    pending = list(writes)
    stalls = 0
    while pending:
        batch, rest = pending[:_MAX_BATCH_ITEMS], pending[_MAX_BATCH_ITEMS:]
        with translate_aws_errors("dynamodb"):
            response = client.batch_write_item(RequestItems={table: batch})
        unprocessed = list(response.get("UnprocessedItems", {}).get(table, []))
        if len(unprocessed) == len(batch):
            stalls += 1
            if stalls == _MAX_STALLS:
                raise ServiceUnavailableError("dynamodb")
            sleep_before_retry(stalls)
        pending = unprocessed + rest
