"""Failed requests, in the requests table: stored by request id, and published from the table's stream.

One write both ends the request and triggers its outcome event, so that neither happens without the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from installhub.contract.response_bodies import truncated_errors
from installhub.exports.requests_table import EXPIRES_AT, REQUEST_ID, STATUS
from installhub.model.errors import InstallHubError, Problem
from installhub.runtime.dynamodb import Attribute, Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.runtime.dynamodb import NewItem

FAILED: Final = "failed"
FAILED_REQUEST_ID: Final = "request"
MAX_ERRORS_BYTES: Final = 180_000
"""Maximum size of a failure's errors: an event holds 256 KB, an item 400 KB."""

_RETENTION_SECONDS: Final = 30 * 24 * 3600
_IS_FINAL: Final = "isFinal"


@dataclass(frozen=True, slots=True)
class ExportFailure:
    """How a request failed.

    Attributes:
        request_id: The request.
        requested_by: The requester.
        failed_at: When, RFC 3339 in UTC.
        error: Why.
        package: What is known about the package to be: ``tenantId``, ``packageId``, ``packageName``, ``version``.
    """

    request_id: str
    requested_by: str
    failed_at: str
    error: InstallHubError
    package: Mapping[str, str]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The reasons in the contract's shape, as many as fit an event."""
        return truncated_errors(self.error.problems, MAX_ERRORS_BYTES)


@dataclass(frozen=True, slots=True)
class FailureStore:
    """The failed requests in the requests table."""

    client: DynamoDBClient
    table: str

    def find_refusal(self, request_id: str) -> InstallHubError | None:
        """Why a request was refused for good, if it was. One that failed for other reasons may be retried."""
        item = self._requests.get_item(_primary_key(request_id))
        if item is None or not item[_IS_FINAL]["BOOL"]:
            return None
        return InstallHubError(Problem.from_json(fields) for fields in json.loads(item["errors"]["S"]))

    def record(self, failure: ExportFailure, now: int) -> None:
        """Store ``failure``, which also publishes it. A request that was refused for good remains unchanged."""
        self._requests.put_item(
            {
                **_primary_key(failure.request_id),
                FAILED_REQUEST_ID: {"S": failure.request_id},
                STATUS: {"S": FAILED},
                _IS_FINAL: {"BOOL": failure.error.is_final},
                "requestedBy": {"S": failure.requested_by},
                "failedAt": {"S": failure.failed_at},
                "errors": {"S": json.dumps(failure.errors)},
                "errorCount": {"N": str(len(failure.error.problems))},
                EXPIRES_AT: {"N": str(now + _RETENTION_SECONDS)},
                **{name: {"S": value} for name, value in failure.package.items()},
            },
            condition=Attribute(REQUEST_ID).not_exists() | Attribute(_IS_FINAL).equals(value=False),
        )

    @property
    def _requests(self) -> Table:
        return Table(self.client, self.table)


def _primary_key(request_id: str) -> NewItem:
    """The key of a failure; the response to an idempotency key is a separate item."""
    return {REQUEST_ID: {"S": f"{FAILED}:{request_id}"}}
