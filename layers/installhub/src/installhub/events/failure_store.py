"""Failed requests in the requests table, whose stream publishes their outcome events.

A single write both stores the failure and triggers the event, so that neither happens without the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from installhub.contract.problem_bodies import truncated_errors
from installhub.exports.requests_table import EXPIRES_AT, REQUEST_ID, STATUS
from installhub.model.errors import InstallHubError, Problem
from installhub.runtime.dynamodb import Attribute, Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.runtime.dynamodb import NewItem

FAILED: Final = "failed"
FAILED_REQUEST_ID: Final = "request"
MAX_ERRORS_BYTES: Final = 180_000
"""Maximum size of a failure's errors; the limit of an event is 256 KB, and that of an item 400 KB."""

_RETENTION_SECONDS: Final = 30 * 24 * 3600
_IS_FINAL: Final = "isFinal"


@dataclass(frozen=True, slots=True)
class ExportFailure:
    """The failure of a request.

    Attributes:
        request_id: Id of the request.
        requested_by: For the audit trail: a caller's subject, an event source or an inbox object.
        failed_at: When it failed, RFC 3339 in UTC.
        error: Why it failed.
        package: ``tenantId``, ``packageId``, ``packageName`` and ``version`` of the requested package; empty if the
            request was unreadable.
    """

    request_id: str
    requested_by: str
    failed_at: str
    error: InstallHubError
    package: Mapping[str, str]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The problems as JSON, as many as an event can contain."""
        return truncated_errors(self.error.problems, MAX_ERRORS_BYTES)


@dataclass(frozen=True, slots=True)
class FailureStore:
    """The failed requests in the requests table.

    Attributes:
        client: DynamoDB.
        table: Name of the requests table.
    """

    client: DynamoDBClient
    table: str

    def find_refusal(self, request_id: str) -> InstallHubError | None:
        """The error that a request was refused with; None if it was not, or failed because of a transient error."""
        item = self._requests.get_item(_primary_key(request_id))
        if item is None or not item[_IS_FINAL]["BOOL"]:
            return None
        return InstallHubError(Problem.from_json(fields) for fields in json.loads(item["errors"]["S"]))

    def record(self, failure: ExportFailure, now: int) -> None:
        """Store ``failure`` at ``now``, in epoch seconds, which triggers its event, unless a refusal is stored."""
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
    """The key of a failure, which differs from that of the response to an idempotent request with the same id."""
    return {REQUEST_ID: {"S": f"{FAILED}:{request_id}"}}
