"""Usage-plan keys, which limit the request rate of each tenant.

API Gateway limits the rate per API key. Clients send no key: the authorizer returns it (``ApiKeySourceType:
AUTHORIZER``), so its value is an identifier, not a secret. A tenant's key is created after its first request
(docs/decisions/0004).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from installhub.runtime.aws_errors import error_code, translate_aws_errors
from installhub.runtime.dynamodb import Attribute, Table, Update

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.runtime.dynamodb import NewItem

SUBJECT: Final = "customer"
USAGE_KEY: Final = "usageKey"
READY_AT: Final = "readyAt"
FIRST_SEEN_AT: Final = "seenAt"

PROPAGATION_SECONDS: Final = 60
"""Minimum age of a new key when it is used; API Gateway responds with a 403 until the key is active."""

_MAX_CACHED_KEYS: Final = 10_000


def usage_subject(tenants: Sequence[str]) -> str | None:
    """The subject that the requests of a token are counted for: its tenant, or its set of tenants; None if empty."""
    if not tenants:
        return None
    if len(tenants) == 1:
        return f"tenant:{tenants[0]}"
    return f"tenants:{hashlib.sha256(json.dumps(sorted(tenants)).encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class UsageKeys:
    """Looks up the usage-plan keys of callers.

    Attributes:
        client: DynamoDB.
        table: Name of the plans table.
        shared_key: The key to use until a subject has its own.
        clock: Returns epoch seconds.
    """

    client: DynamoDBClient
    table: str
    shared_key: str
    clock: Callable[[], float]
    _cached: dict[str, str] = field(default_factory=dict)

    def key_for(self, tenants: Sequence[str]) -> str:
        """The usage-plan key of a caller with ``tenants``.

        A new subject is added to the plans table, whose stream triggers the creation of its key.

        Raises:
            ServiceUnavailableError: The plans table cannot be read or written.
        """
        subject = usage_subject(tenants)
        if subject is None:
            return self.shared_key
        if subject not in self._cached:
            key = self._own_key(subject)
            if key is None:
                return self.shared_key
            if len(self._cached) >= _MAX_CACHED_KEYS:
                self._cached.clear()
            self._cached[subject] = key
        return self._cached[subject]

    def _own_key(self, subject: str) -> str | None:
        plans = Table(self.client, self.table)
        item = plans.get_item(_primary_key(subject), consistent=False)
        if item is None:
            plans.put_item(
                {**_primary_key(subject), FIRST_SEEN_AT: {"N": str(int(self.clock()))}},
                condition=Attribute(SUBJECT).not_exists(),
            )
            return None
        if USAGE_KEY not in item or int(item[READY_AT]["N"]) > self.clock():
            return None
        return item[USAGE_KEY]["S"]


@dataclass(frozen=True, slots=True)
class UsageKeyProvisioner:
    """Creates the keys of new subjects.

    Attributes:
        dynamodb: DynamoDB.
        apigateway: API Gateway.
        table: Name of the plans table.
        usage_plan: Id of the usage plan.
        stack: Name of the stack, the prefix of the keys' names.
        clock: Returns epoch seconds.
    """

    dynamodb: DynamoDBClient
    apigateway: APIGatewayClient
    table: str
    usage_plan: str
    stack: str
    clock: Callable[[], float]

    def provision(self, subject: str) -> str:
        """Create a key for ``subject``, add it to the usage plan, and return its value. Idempotent.

        Raises:
            ServiceUnavailableError: DynamoDB or API Gateway is unavailable.
        """
        digest = hashlib.sha256(f"{self.usage_plan}/{subject}".encode()).hexdigest()[:40]
        name, value = f"{self.stack}-{digest}", f"installhub-{digest}"
        with translate_aws_errors("apigateway"):
            self._add_to_plan(self._create_key(name, value, subject))
        Table(self.dynamodb, self.table).update_item(
            _primary_key(subject),
            Update(assign={USAGE_KEY: value, READY_AT: int(self.clock()) + PROPAGATION_SECONDS}),
        )
        return value

    def _create_key(self, name: str, value: str, subject: str) -> str:
        try:
            return self.apigateway.create_api_key(name=name, value=value, enabled=True, description=subject)["id"]
        except ClientError as error:
            if not _already_exists(error):
                raise
        return self.apigateway.get_api_keys(nameQuery=name)["items"][0]["id"]

    def _add_to_plan(self, key_id: str) -> None:
        try:
            self.apigateway.create_usage_plan_key(usagePlanId=self.usage_plan, keyId=key_id, keyType="API_KEY")
        except ClientError as error:
            if not _already_exists(error):
                raise


def _primary_key(subject: str) -> NewItem:
    return {SUBJECT: {"S": subject}}


def _already_exists(error: ClientError) -> bool:
    return error_code(error) == "ConflictException"
