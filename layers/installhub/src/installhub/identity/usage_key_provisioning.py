"""Creates usage-plan keys: one per subject, and pooled ones for the subjects beyond the maximum."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from installhub.identity.usage_keys import READY_AT, USAGE_KEY, primary_key
from installhub.runtime.aws_errors import error_code, translate_aws_errors
from installhub.runtime.dynamodb import Attribute, Table, Update

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient

KEY_ID: Final = "keyId"
"""Attribute with the id of a subject's own key, by which it can be deleted."""

POOLED: Final = "pooled"
"""Attribute of subjects with a pooled key."""

KEY_COUNT: Final = "ownKeys"
"""Attribute with the number of subjects with a key of their own, in the item of `COUNTER`."""

COUNTER: Final = "counter"
"""Takes the place of a subject in the item that counts keys; subjects start with ``tenant``."""

POOLED_KEYS: Final = 100
"""Number of pooled keys. With MaxTenantKeys and the shared key, they stay below API Gateway's 10,000 keys."""

PROPAGATION_SECONDS: Final = 60
"""Minimum age of a new key when it is used; API Gateway responds with a 403 until the key is active."""


class KeyQuotaExceededError(Exception):
    """The account has as many API keys as API Gateway allows."""


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """The API keys of a usage plan.

    Attributes:
        client: API Gateway.
        usage_plan: Id of the usage plan.
        stack: Name of the stack, the prefix of the keys' names.
    """

    client: APIGatewayClient
    usage_plan: str
    stack: str

    def create(self, label: str, description: str) -> tuple[str, str]:
        """Create the key ``label`` unless it exists, add it to the plan, and return its id and its value.

        Raises:
            KeyQuotaExceededError: The key does not exist, and the account can have no more.
            ServiceUnavailableError: API Gateway is unavailable.
        """
        digest = self._digest(label)
        with translate_aws_errors("apigateway"):
            key_id = self._create_or_find(f"{self.stack}-{digest}", f"installhub-{digest}", description)
            self._add_to_plan(key_id)
        return key_id, f"installhub-{digest}"

    def find(self, label: str) -> str | None:
        """The id of the key ``label``."""
        with translate_aws_errors("apigateway"):
            return self._find(f"{self.stack}-{self._digest(label)}")

    def delete(self, key_id: str) -> None:
        """Delete a key, which also removes it from the plan."""
        try:
            with translate_aws_errors("apigateway"):
                self.client.delete_api_key(apiKey=key_id)
        except ClientError as error:
            if error_code(error) != "NotFoundException":
                raise

    def _digest(self, label: str) -> str:
        return hashlib.sha256(f"{self.usage_plan}/{label}".encode()).hexdigest()[:40]

    def _create_or_find(self, name: str, value: str, description: str) -> str:
        try:
            return self.client.create_api_key(name=name, value=value, enabled=True, description=description)["id"]
        except ClientError as error:
            if error_code(error) == "LimitExceededException":
                raise KeyQuotaExceededError from error
            found = self._find(name) if _already_exists(error) else None
            if found is None:
                raise
            return found

    def _find(self, name: str) -> str | None:
        pages = self.client.get_paginator("get_api_keys").paginate(nameQuery=name)  # names that start with it
        return next((key["id"] for page in pages for key in page["items"] if key["name"] == name), None)

    def _add_to_plan(self, key_id: str) -> None:
        try:
            self.client.create_usage_plan_key(usagePlanId=self.usage_plan, keyId=key_id, keyType="API_KEY")
        except ClientError as error:
            if not _already_exists(error):
                raise


@dataclass(frozen=True, slots=True)
class UsageKeyProvisioner:
    """Gives each new subject a key of its own, or a pooled one if there are too many.

    Attributes:
        plans: The plans table.
        keys: The keys of the usage plan.
        max_own_keys: How many subjects may have a key of their own.
        clock: Returns epoch seconds.
    """

    plans: Table
    keys: ApiKeys
    max_own_keys: int
    clock: Callable[[], float]
    _pooled: dict[int, str] = field(default_factory=dict)  # values of the pooled keys that are known to exist

    def provision(self, subject: str) -> int:
        """Give ``subject`` a key, and return how many subjects have one of their own. Idempotent.

        A crash may leave the number too high until keys are counted again, which happens once a day.

        Raises:
            KeyQuotaExceededError: Not even a pooled key can be created; the subject uses the shared key.
            ServiceUnavailableError: DynamoDB or API Gateway is unavailable.
        """
        item = self.plans.get_item(primary_key(subject))
        if item is None or USAGE_KEY in item:  # deleted since, or provisioned by an earlier delivery
            return self._own_keys()
        own_keys = self._count_one_more()
        if own_keys is None or not self._give_own_key(subject):
            self._give_pooled_key(subject)
        return self.max_own_keys if own_keys is None else own_keys

    def _count_one_more(self) -> int | None:
        """The new number of subjects with a key of their own; None if there are enough."""
        if self.max_own_keys == 0:
            return None
        is_free = Attribute(KEY_COUNT).not_exists() | Attribute(KEY_COUNT).less_than(self.max_own_keys)
        item = self.plans.update_item(primary_key(COUNTER), Update(add={KEY_COUNT: 1}), condition=is_free)
        return None if item is None else int(item[KEY_COUNT]["N"])

    def _own_keys(self) -> int:
        item = self.plans.get_item(primary_key(COUNTER), consistent=False)
        return 0 if item is None else int(item[KEY_COUNT]["N"])

    def _give_own_key(self, subject: str) -> bool:
        """False if the account already has the maximum number of keys."""
        try:
            key_id, value = self.keys.create(subject, description=subject)
        except KeyQuotaExceededError:
            return False
        self._record(subject, value, {KEY_ID: key_id})
        return True

    def _give_pooled_key(self, subject: str) -> None:
        number = int(hashlib.sha256(subject.encode()).hexdigest(), 16) % POOLED_KEYS
        if number not in self._pooled:
            _, self._pooled[number] = self.keys.create(f"pool:{number}", description=f"pooled key {number}")
        self._record(subject, self._pooled[number], {POOLED: True})

    def _record(self, subject: str, value: str, attributes: dict[str, str | int]) -> None:
        ready_at = int(self.clock()) + PROPAGATION_SECONDS
        self.plans.update_item(
            primary_key(subject), Update(assign={USAGE_KEY: value, READY_AT: ready_at, **attributes})
        )


def _already_exists(error: ClientError) -> bool:
    return error_code(error) == "ConflictException"
