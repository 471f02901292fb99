"""Requests that name themselves: the first answer to an ``Idempotency-Key`` is given again.

After draft-ietf-httpapi-idempotency-key-header. A key belongs to one caller in one tenant and is remembered for a day.
An item of the requests table first says that the request is being worked on, with a lease, and then how it was
answered: a package by its id, a refusal with all its problems.
"""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from installhub.aws import unavailable_when_failing
from installhub.definitions import canonical_json, sha256_hex
from installhub.errors import ErrorCode, InstallHubError, Problem, ServiceUnavailableError
from installhub.requests_table import EXPIRES_AT, REQUEST_ID, STATUS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.catalog.items import Item

KEY_SECONDS: Final = 24 * 3600
"""How long a key is remembered."""

_DIGEST: Final = "digest"
_ATTEMPT: Final = "attemptId"
_UNTIL: Final = "leaseUntil"
_ANSWER: Final = "answer"
_NAMES: Final = {
    "#id": REQUEST_ID,
    "#status": STATUS,
    "#expires": EXPIRES_AT,
    "#attempt": _ATTEMPT,
    "#until": _UNTIL,
    "#answer": _ANSWER,
}
_LEASE_MARGIN_SECONDS: Final = 5
_MAX_ANSWER_BYTES: Final = 380_000  # an item holds 400 KB


class _Status(StrEnum):
    WORKING = "working"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request that came with an ``Idempotency-Key``.

    Attributes:
        request_id: Names key, tenant and caller, and none other.
        digest: Of the request itself: the same key with another digest is a mistake of the caller's.
    """

    request_id: str
    digest: str

    @classmethod
    def of(cls, key: str, tenant: str, subject: str, request: dict[str, Any]) -> KeyedRequest:
        """The request ``request`` that ``subject`` made for ``tenant`` under ``key``."""
        scope = canonical_json([tenant, subject, key])
        return cls(f"key:{sha256_hex(scope)}", sha256_hex(canonical_json(request)))


@dataclass(frozen=True, slots=True)
class Answered:
    """The first answer to a keyed request that was not refused.

    Attributes:
        package_id: The package that was made, if one was.
        accepted: What was promised otherwise, as the answer's body.
    """

    package_id: str | None = None
    accepted: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AnswerBook:
    """The answers to keyed requests, in the requests table.

    Attributes:
        client: DynamoDB.
        table: Name of the requests table.
        clock: Gives epoch seconds.
    """

    client: DynamoDBClient
    table: str
    clock: Callable[[], float]

    def once(self, request: KeyedRequest, seconds_left: float, work: Callable[[], Answered]) -> Answered:
        """What ``work`` answers the first time, then and ever after.

        A refusal is remembered like any answer. What says nothing about the request, such as a service that failed, is
        not: the next try is a new one.

        Raises:
            InstallHubError: The first refusal; IdempotencyKeyReused; IdempotencyKeyInUse.
        """
        attempt = uuid.uuid4().hex
        known = self._begin(request, attempt, int(seconds_left) + _LEASE_MARGIN_SECONDS)
        if known is not None:
            return _recalled(known)
        try:
            answer = work()
        except InstallHubError as refusal:
            packed = _packed({"errors": [problem.as_json() for problem in refusal.problems]})
            if refusal.is_final and len(packed) <= _MAX_ANSWER_BYTES:
                self._remember(request, attempt, packed)
            else:
                self._forget(request, attempt)
            raise
        except BaseException:
            self._forget(request, attempt)
            raise
        self._remember(request, attempt, _packed({"packageId": answer.package_id, "accepted": answer.accepted}))
        return answer

    def _begin(self, request: KeyedRequest, attempt: str, lease_seconds: int) -> dict[str, Any] | None:
        now = int(self.clock())
        item: Item = {
            REQUEST_ID: {"S": request.request_id},
            STATUS: {"S": _Status.WORKING.value},
            _DIGEST: {"S": request.digest},
            _ATTEMPT: {"S": attempt},
            _UNTIL: {"N": str(now + lease_seconds)},
            EXPIRES_AT: {"N": str(now + KEY_SECONDS)},
        }
        try:
            with unavailable_when_failing("dynamodb"):
                self.client.put_item(
                    TableName=self.table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(#id) OR #expires < :now OR #attempt = :attempt "
                    "OR (#status = :working AND #until < :now)",
                    ExpressionAttributeNames={name: real for name, real in _NAMES.items() if name != "#answer"},
                    ExpressionAttributeValues={
                        ":now": {"N": str(now)},
                        ":attempt": {"S": attempt},
                        ":working": {"S": _Status.WORKING.value},
                    },
                )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return self._known(request)
        return None

    def _known(self, request: KeyedRequest) -> dict[str, Any]:
        with unavailable_when_failing("dynamodb"):
            answer = self.client.get_item(
                TableName=self.table, Key={REQUEST_ID: {"S": request.request_id}}, ConsistentRead=True
            )
        item = answer.get("Item")
        if item is None:  # given up since
            raise InstallHubError.of(ErrorCode.IDEMPOTENCY_KEY_IN_USE)
        if item[_DIGEST]["S"] != request.digest:
            raise InstallHubError.of(ErrorCode.IDEMPOTENCY_KEY_REUSED)
        if item[STATUS]["S"] != _Status.ANSWERED:
            raise InstallHubError.of(ErrorCode.IDEMPOTENCY_KEY_IN_USE)
        known: dict[str, Any] = json.loads(zlib.decompress(item[_ANSWER]["B"]))
        return known

    def _remember(self, request: KeyedRequest, attempt: str, packed: bytes) -> None:
        """Note the answer. Should that fail the answer stands all the same: what it made knows its request."""
        try:
            with unavailable_when_failing("dynamodb"):
                self.client.update_item(
                    TableName=self.table,
                    Key={REQUEST_ID: {"S": request.request_id}},
                    UpdateExpression="SET #status = :answered, #answer = :answer REMOVE #until",
                    ConditionExpression="#attempt = :attempt",
                    ExpressionAttributeNames={
                        name: _NAMES[name] for name in ("#status", "#answer", "#until", "#attempt")
                    },
                    ExpressionAttributeValues={
                        ":answered": {"S": _Status.ANSWERED.value},
                        ":answer": {"B": packed},
                        ":attempt": {"S": attempt},
                    },
                )
        except ServiceUnavailableError:
            return
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def _forget(self, request: KeyedRequest, attempt: str) -> None:
        """Let the key be used anew. Should that fail the lease ends all the same."""
        try:
            with unavailable_when_failing("dynamodb"):
                self.client.delete_item(
                    TableName=self.table,
                    Key={REQUEST_ID: {"S": request.request_id}},
                    ConditionExpression="#attempt = :attempt",
                    ExpressionAttributeNames={"#attempt": _ATTEMPT},
                    ExpressionAttributeValues={":attempt": {"S": attempt}},
                )
        except ServiceUnavailableError:
            return
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise


def _packed(answer: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(answer).encode())


def _recalled(known: dict[str, Any]) -> Answered:
    if "errors" in known:
        raise InstallHubError(Problem.from_json(fields) for fields in known["errors"])
    return Answered(known["packageId"], known["accepted"])
