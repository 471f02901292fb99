"""The API keys of the usage plan: their names and values, and how API Gateway's errors are handled."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from installhub.identity import usage_key_provisioning, usage_key_reclaiming, usage_keys
from tests.memory_dynamodb import fail
from tests.unit.identity.key_pool import KeyPool


def denied(**_: object) -> None:
    fail("AccessDeniedException")


def test_the_numbers_are_those_of_the_documentation() -> None:
    assert usage_key_provisioning.POOLED_KEYS == 100
    assert usage_key_provisioning.PROPAGATION_SECONDS == 60
    assert usage_key_reclaiming.IDLE_SECONDS == 90 * 24 * 3600
    assert usage_key_reclaiming.STUCK_SECONDS == 25 * 3600
    assert usage_key_reclaiming.MAX_RECLAIMED == 1_000
    assert usage_keys.SEEN_RESOLUTION_SECONDS == 24 * 3600


def test_a_key_has_the_same_name_and_value_in_every_release() -> None:
    pool = KeyPool()

    key_id, value = pool.api_keys.create("tenant:a", description="tenant:a")

    assert value == "installhub-a122e2c6c32bcebd31701808b93fe1845dfd0929"
    assert pool.apigateway.keys == {value: {"id": key_id, "name": value, "value": value, "description": "tenant:a"}}


def test_creating_a_key_again_finds_it_and_adds_it_to_the_plan() -> None:
    pool = KeyPool()
    key_id, value = pool.api_keys.create("tenant:a", description="tenant:a")
    pool.apigateway.plan.clear()

    assert pool.api_keys.create("tenant:a", description="tenant:a") == (key_id, value)
    assert pool.apigateway.values() == {value}


def test_a_tenant_keeps_its_pooled_key_in_every_release() -> None:
    pool = KeyPool(max_own_keys=0)
    pool.request("a")

    (key,) = pool.apigateway.keys.values()
    assert key["description"] == "pooled key 37"
    assert pool.subjects()["tenant:a"]["pooled"] == {"BOOL": True}


@pytest.mark.parametrize("operation", ["create_api_key", "create_usage_plan_key"])
def test_without_permission_to_create_keys_a_tenant_gets_none(operation: str) -> None:
    pool = KeyPool()
    setattr(pool.apigateway, operation, denied)

    with pytest.raises(ClientError, match="AccessDenied"):
        pool.request("a")

    assert pool.key_of("a") is None


def test_a_key_that_must_not_be_deleted_is_not_forgotten() -> None:
    pool = KeyPool()
    pool.request("a")
    pool.now += usage_key_reclaiming.IDLE_SECONDS + 1
    pool.apigateway.delete_api_key = denied  # type: ignore[method-assign]

    with pytest.raises(ClientError, match="AccessDenied"):
        pool.reclaim()

    assert set(pool.subjects()) == {"tenant:a"}
