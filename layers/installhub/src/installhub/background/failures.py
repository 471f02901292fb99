"""Requests that came to nothing, in the requests table: remembered by request, and announced from its stream.

One write both ends the request and puts its announcement on the way, so that neither is without the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from installhub.aws import unavailable_when_failing
from installhub.errors import InstallHubError, Problem
from installhub.presenting import errors_within
from installhub.requests_table import EXPIRES_AT, REQUEST_ID, STATUS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.catalog.items import NewItem

FAILED: Final = "failed"
REQUEST: Final = "request"
MAX_ERRORS_BYTES: Final = 180_000
"""Most bytes of the errors of a failure: EventBridge carries 256 KB, an item holds 400."""

_REMEMBERED_SECONDS: Final = 30 * 24 * 3600
_IS_FINAL: Final = "isFinal"


@dataclass(frozen=True, slots=True)
class Failure:
    """How a request came to nothing.

    Attributes:
        request_id: The request.
        requested_by: Who asked.
        failed_at: When, RFC 3339 in UTC.
        error: Why.
        about: What is known of the package it would have been: ``tenantId``, ``packageId`` and the like.
    """

    request_id: str
    requested_by: str
    failed_at: str
    error: InstallHubError
    about: Mapping[str, str]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The reasons in the contract's shape, as many as can be carried."""
        return errors_within(self.error.problems, MAX_ERRORS_BYTES)


@dataclass(frozen=True, slots=True)
class FailureBook:
    """The failures in the requests table."""

    client: DynamoDBClient
    table: str

    def refusal_of(self, request_id: str) -> InstallHubError | None:
        """Why a request was refused for good, if it was. One that failed for other reasons may be tried again."""
        with unavailable_when_failing("dynamodb"):
            answer = self.client.get_item(TableName=self.table, Key=_key_of(request_id), ConsistentRead=True)
        item = answer.get("Item")
        if item is None or not item[_IS_FINAL]["BOOL"]:
            return None
        return InstallHubError(Problem.from_json(fields) for fields in json.loads(item["errors"]["S"]))

    def record(self, failure: Failure, now: int) -> None:
        """Remember ``failure``, and so have it announced; a request that was refused for good stays as it is."""
        item: NewItem = {
            **_key_of(failure.request_id),
            REQUEST: {"S": failure.request_id},
            STATUS: {"S": FAILED},
            _IS_FINAL: {"BOOL": failure.error.is_final},
            "requestedBy": {"S": failure.requested_by},
            "failedAt": {"S": failure.failed_at},
            "errors": {"S": json.dumps(failure.errors)},
            "errorCount": {"N": str(len(failure.error.problems))},
            EXPIRES_AT: {"N": str(now + _REMEMBERED_SECONDS)},
            **{name: {"S": value} for name, value in failure.about.items()},
        }
        try:
            with unavailable_when_failing("dynamodb"):
                self.client.put_item(
                    TableName=self.table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(#id) OR #final = :no",
                    ExpressionAttributeNames={"#id": REQUEST_ID, "#final": _IS_FINAL},
                    ExpressionAttributeValues={":no": {"BOOL": False}},
                )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise


def _key_of(request_id: str) -> NewItem:
    """The key of a failure; a request with an idempotency key has an item of its own for its answer."""
    return {REQUEST_ID: {"S": f"{FAILED}:{request_id}"}}
