"""A simulated usage plan: API Gateway with its quota, the plans table, and the clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from installhub.identity.usage_key_provisioning import COUNTER, ApiKeys, UsageKeyProvisioner
from installhub.identity.usage_key_reclaiming import KeyCounts, UsageKeyReclaimer
from installhub.identity.usage_keys import USAGE_KEY, UsageKeys, usage_subject
from installhub.runtime.dynamodb import Table
from tests.memory_dynamodb import MemoryDynamoDB, fail

DAY = 24 * 3600
ACCOUNT_QUOTA = 10_000
SHARED_KEY = "shared"


@dataclass
class FakeApiGateway:
    """API keys by name, up to the account's quota, and those in the usage plan."""

    quota: int = ACCOUNT_QUOTA
    keys: dict[str, dict[str, str]] = field(default_factory=dict)
    plan: set[str] = field(default_factory=set)

    def create_api_key(self, *, name: str, value: str, enabled: bool, description: str) -> dict[str, str]:
        assert enabled
        if name in self.keys:
            fail("ConflictException")
        if len(self.keys) >= self.quota:
            fail("LimitExceededException")
        self.keys[name] = {"id": f"id-of-{name}", "name": name, "value": value, "description": description}
        return self.keys[name]

    def create_usage_plan_key(self, *, usagePlanId: str, keyId: str, keyType: str) -> None:  # noqa: N803  # boto3's
        assert (usagePlanId, keyType) == ("plan-1", "API_KEY")
        if keyId in self.plan:
            fail("ConflictException")
        self.plan.add(keyId)

    def delete_api_key(self, *, apiKey: str) -> None:  # noqa: N803  # boto3's name
        names = [name for name, key in self.keys.items() if key["id"] == apiKey]
        if not names:
            fail("NotFoundException")
        del self.keys[names[0]]
        self.plan.discard(apiKey)

    def get_paginator(self, operation: str) -> FakeApiGateway:
        assert operation == "get_api_keys"
        return self

    def paginate(self, *, nameQuery: str) -> list[dict[str, Any]]:  # noqa: N803  # boto3's name
        return [{"items": [key for name, key in self.keys.items() if name.startswith(nameQuery)]}]

    def values(self) -> set[str]:
        """Return the values of the plan's keys."""
        return {key["value"] for key in self.keys.values() if key["id"] in self.plan}


@dataclass
class KeyPool:
    """The functions that handle usage-plan keys, on simulated services."""

    max_own_keys: int = 9_000
    apigateway: FakeApiGateway = field(default_factory=FakeApiGateway)
    dynamodb: MemoryDynamoDB = field(default_factory=MemoryDynamoDB)
    now: float = 1_800_000_000

    @property
    def plans(self) -> Table:
        return Table(cast("Any", self.dynamodb), "plans")

    @property
    def api_keys(self) -> ApiKeys:
        return ApiKeys(cast("Any", self.apigateway), "plan-1", "installhub")

    @property
    def provisioner(self) -> UsageKeyProvisioner:
        return UsageKeyProvisioner(self.plans, self.api_keys, self.max_own_keys, lambda: self.now)

    def authorizer(self) -> UsageKeys:
        """Return the lookup of a new process of the authorizer."""
        return UsageKeys(cast("Any", self.dynamodb), "plans", SHARED_KEY, lambda: self.now)

    def request(
        self, tenant: str, authorizer: UsageKeys | None = None, provisioner: UsageKeyProvisioner | None = None
    ) -> str:
        """Return the key of a request of a tenant, after provisioning the tenant if it is new."""
        subject = str(usage_subject([tenant]))
        is_new = subject not in self.dynamodb.items
        key = (authorizer or self.authorizer()).key_for([tenant])
        if is_new:
            (provisioner or self.provisioner).provision(subject)
        return key

    def reclaim(self) -> KeyCounts:
        """Run the daily function."""
        return UsageKeyReclaimer(self.plans, self.api_keys, self.max_own_keys, lambda: self.now).reclaim()

    def subjects(self) -> dict[str, dict[str, Any]]:
        return {subject: item for subject, item in self.dynamodb.items.items() if subject != COUNTER}

    def key_of(self, tenant: str) -> str | None:
        """Return the key in the tenant's item."""
        item = self.dynamodb.items.get(f"tenant:{tenant}", {})
        return str(item[USAGE_KEY]["S"]) if USAGE_KEY in item else None
