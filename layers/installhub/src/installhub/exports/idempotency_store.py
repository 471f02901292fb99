"""Idempotent requests: repeating a request with the same ``Idempotency-Key`` returns the first response again.

Follows draft-ietf-httpapi-idempotency-key-header. A key is scoped to a tenant and a caller, and stored for a day. An
item in the requests table first contains a lease for the request in progress, and then its response: the id of the
package, or all problems of a refusal.
"""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from installhub.exports.requests_table import EXPIRES_AT, REQUEST_ID, STATUS
from installhub.model.definition import canonical_json, sha256_hex
from installhub.model.errors import ErrorCode, InstallHubError, Problem, ServiceUnavailableError
from installhub.runtime.dynamodb import Attribute, Condition, Table, Update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.runtime.dynamodb import NewItem

KEY_RETENTION_SECONDS: Final = 24 * 3600
"""How long a key and the response to its request are stored."""

_DIGEST: Final = "digest"
_ATTEMPT_ID: Final = "attemptId"
_LEASE_UNTIL: Final = "leaseUntil"
_RESPONSE: Final = "answer"
_LEASE_MARGIN_SECONDS: Final = 5
_MAX_RESPONSE_BYTES: Final = 380_000  # the limit of an item is 400 KB


class _Status(StrEnum):
    IN_PROGRESS = "working"
    COMPLETED = "answered"


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request with an ``Idempotency-Key``.

    Attributes:
        request_id: Derived from tenant, caller and key.
        digest: Digest of the request document, which must be the same whenever the key is used.
    """

    request_id: str
    digest: str

    @classmethod
    def from_key(cls, key: str, tenant: str, subject: str, request: dict[str, Any]) -> IdempotentRequest:
        """The request document ``request`` of the caller ``subject`` for ``tenant`` with the key ``key``."""
        scope = canonical_json([tenant, subject, key])
        return cls(f"key:{sha256_hex(scope)}", sha256_hex(canonical_json(request)))


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The first response to an idempotent request that was not refused.

    Attributes:
        package_id: Id of the exported package, if the export was synchronous.
        accepted: The response body of the accepted export, if it was asynchronous.
    """

    package_id: str | None = None
    accepted: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class IdempotencyStore:
    """The responses to idempotent requests, in the requests table.

    Attributes:
        client: DynamoDB.
        table: Name of the requests table.
        clock: Returns epoch seconds.
    """

    client: DynamoDBClient
    table: str
    clock: Callable[[], float]

    def run_once(
        self, request: IdempotentRequest, seconds_left: float, work: Callable[[], StoredResponse]
    ) -> StoredResponse:
        """Run ``work`` for the first request with a key, and return its response to that and all repeated requests.

        A refusal is stored too. A transient failure, such as an unavailable service, is not, so that the request can be
        repeated.

        Args:
            request: The request.
            seconds_left: Remaining run time of this process, which determines the lease.
            work: Processes the request.

        Raises:
            InstallHubError: The first refusal; IdempotencyKeyReused; IdempotencyKeyInUse.
        """
        attempt = uuid.uuid4().hex
        stored = self._begin(request, attempt, int(seconds_left) + _LEASE_MARGIN_SECONDS)
        if stored is not None:
            return _replay(stored)
        try:
            response = work()
        except InstallHubError as refusal:
            packed = _pack({"errors": [problem.as_json() for problem in refusal.problems]})
            if refusal.is_final and len(packed) <= _MAX_RESPONSE_BYTES:
                self._complete(request, attempt, packed)
            else:
                self._release(request, attempt)
            raise
        except BaseException:
            self._release(request, attempt)
            raise
        self._complete(request, attempt, _pack({"packageId": response.package_id, "accepted": response.accepted}))
        return response

    def _begin(self, request: IdempotentRequest, attempt: str, lease_seconds: int) -> dict[str, Any] | None:
        """Store that ``request`` is in progress. Returns None if it is new, else the stored response."""
        now = int(self.clock())
        begun = self._requests.put_item(
            {
                **_primary_key(request),
                STATUS: {"S": _Status.IN_PROGRESS.value},
                _DIGEST: {"S": request.digest},
                _ATTEMPT_ID: {"S": attempt},
                _LEASE_UNTIL: {"N": str(now + lease_seconds)},
                EXPIRES_AT: {"N": str(now + KEY_RETENTION_SECONDS)},
            },
            condition=Attribute(REQUEST_ID).not_exists()
            | Attribute(EXPIRES_AT).less_than(now)
            | _held_by(attempt)
            | (Attribute(STATUS).equals(_Status.IN_PROGRESS.value) & Attribute(_LEASE_UNTIL).less_than(now)),
        )
        return None if begun else self._stored(request)

    def _stored(self, request: IdempotentRequest) -> dict[str, Any]:
        item = self._requests.get_item(_primary_key(request))
        if item is None:  # released in the meantime
            raise InstallHubError.of(ErrorCode.IDEMPOTENCY_KEY_IN_USE)
        if item[_DIGEST]["S"] != request.digest:
            raise InstallHubError.of(ErrorCode.IDEMPOTENCY_KEY_REUSED)
        if item[STATUS]["S"] != _Status.COMPLETED:
            raise InstallHubError.of(ErrorCode.IDEMPOTENCY_KEY_IN_USE)
        stored: dict[str, Any] = json.loads(zlib.decompress(item[_RESPONSE]["B"]))
        return stored

    def _complete(self, request: IdempotentRequest, attempt: str, packed: bytes) -> None:
        """Store the response. If this fails, a repeated request still finds its package by the request id."""
        update = Update(assign={STATUS: _Status.COMPLETED.value, _RESPONSE: packed}, remove=[_LEASE_UNTIL])
        with suppress(ServiceUnavailableError):
            self._requests.update_item(_primary_key(request), update, condition=_held_by(attempt))

    def _release(self, request: IdempotentRequest, attempt: str) -> None:
        """Allow the key to be used again. If this fails, the lease ends anyway."""
        with suppress(ServiceUnavailableError):
            self._requests.delete_item(_primary_key(request), condition=_held_by(attempt))

    @property
    def _requests(self) -> Table:
        return Table(self.client, self.table)


def _primary_key(request: IdempotentRequest) -> NewItem:
    return {REQUEST_ID: {"S": request.request_id}}


def _held_by(attempt: str) -> Condition:
    return Attribute(_ATTEMPT_ID).equals(attempt)


def _pack(response: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(response).encode())


def _replay(stored: dict[str, Any]) -> StoredResponse:
    if "errors" in stored:
        raise InstallHubError(Problem.from_json(fields) for fields in stored["errors"])
    return StoredResponse(stored["packageId"], stored["accepted"])
