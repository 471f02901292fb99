"""Usage-plan keys: which key of the plan a caller counts against, and how a new tenant gets one.

API Gateway limits a rate per API key. Clients send none: the authorizer names the key (``ApiKeySourceType:
AUTHORIZER``), so a key's value is an account number, no secret. See docs/decisions for why keys are made on first
sight.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from installhub.aws import unavailable_when_failing

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_dynamodb import DynamoDBClient

CUSTOMER: Final = "customer"
USAGE_KEY: Final = "usageKey"
READY_AT: Final = "readyAt"
SEEN_AT: Final = "seenAt"

PROPAGATION_SECONDS: Final = 60
"""How long a new key rests before it is used: a plan takes a while to know it, and refuses unknown keys with 403."""

_MAX_REMEMBERED: Final = 10_000


def customer_of(tenants: Sequence[str]) -> str | None:
    """Whom a token counts as: its tenant, or its set of tenants, which is a customer of its own; None without any."""
    if not tenants:
        return None
    if len(tenants) == 1:
        return f"tenant:{tenants[0]}"
    return f"tenants:{hashlib.sha256(json.dumps(sorted(tenants)).encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class UsageKeys:
    """Finds the usage-plan key of a caller.

    Attributes:
        client: DynamoDB.
        table: Name of the plans table.
        shared_key: Used until a customer has a key of its own.
        clock: Gives epoch seconds.
    """

    client: DynamoDBClient
    table: str
    shared_key: str
    clock: Callable[[], float]
    _ready: dict[str, str] = field(default_factory=dict)

    def key_for(self, tenants: Sequence[str]) -> str:
        """The key that a caller who acts for ``tenants`` counts against. A customer seen first is put down for a key.

        Raises:
            ServiceUnavailableError: The plans table cannot be read or written.
        """
        customer = customer_of(tenants)
        if customer is None:
            return self.shared_key
        if customer not in self._ready:
            key = self._own_key(customer)
            if key is None:
                return self.shared_key
            if len(self._ready) >= _MAX_REMEMBERED:
                self._ready.clear()
            self._ready[customer] = key
        return self._ready[customer]

    def _own_key(self, customer: str) -> str | None:
        with unavailable_when_failing("dynamodb"):
            item = self.client.get_item(TableName=self.table, Key={CUSTOMER: {"S": customer}}).get("Item")
        if item is None:
            self._put_down(customer)
            return None
        if USAGE_KEY not in item or int(item[READY_AT]["N"]) > self.clock():
            return None
        return item[USAGE_KEY]["S"]

    def _put_down(self, customer: str) -> None:
        try:
            with unavailable_when_failing("dynamodb"):
                self.client.put_item(
                    TableName=self.table,
                    Item={CUSTOMER: {"S": customer}, SEEN_AT: {"N": str(int(self.clock()))}},
                    ConditionExpression="attribute_not_exists(#customer)",
                    ExpressionAttributeNames={"#customer": CUSTOMER},
                )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise


@dataclass(frozen=True, slots=True)
class Enroller:
    """Makes keys for customers put down by :class:`UsageKeys`. Enrolling twice makes one key.

    Attributes:
        dynamodb: For the plans table.
        apigateway: For the usage plan.
        table: Name of the plans table.
        usage_plan: Id of the usage plan.
        stack: Name of the stack, the prefix of the keys' names.
        clock: Gives epoch seconds.
    """

    dynamodb: DynamoDBClient
    apigateway: APIGatewayClient
    table: str
    usage_plan: str
    stack: str
    clock: Callable[[], float]

    def enroll(self, customer: str) -> str:
        """Give ``customer`` its own key in the plan and return the key's value.

        Raises:
            ServiceUnavailableError: Try again; nothing is made twice.
        """
        digest = hashlib.sha256(f"{self.usage_plan}/{customer}".encode()).hexdigest()[:40]
        name, value = f"{self.stack}-{digest}", f"installhub-{digest}"
        with unavailable_when_failing("apigateway"):
            self._join(self._make_key(name, value, customer))
        with unavailable_when_failing("dynamodb"):
            self.dynamodb.update_item(
                TableName=self.table,
                Key={CUSTOMER: {"S": customer}},
                UpdateExpression="SET #key = :key, #ready = :ready",
                ExpressionAttributeNames={"#key": USAGE_KEY, "#ready": READY_AT},
                ExpressionAttributeValues={
                    ":key": {"S": value},
                    ":ready": {"N": str(int(self.clock()) + PROPAGATION_SECONDS)},
                },
            )
        return value

    def _make_key(self, name: str, value: str, customer: str) -> str:
        try:
            return self.apigateway.create_api_key(name=name, value=value, enabled=True, description=customer)["id"]
        except ClientError as error:
            if not _exists_already(error):
                raise
        return self.apigateway.get_api_keys(nameQuery=name)["items"][0]["id"]

    def _join(self, key_id: str) -> None:
        try:
            self.apigateway.create_usage_plan_key(usagePlanId=self.usage_plan, keyId=key_id, keyType="API_KEY")
        except ClientError as error:
            if not _exists_already(error):
                raise


def _exists_already(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConflictException"
