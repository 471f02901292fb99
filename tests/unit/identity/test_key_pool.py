"""Usage-plan keys: own ones up to the maximum, pooled ones beyond, and idle ones given back."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from installhub.identity.usage_key_provisioning import (
    COUNTER,
    KEY_COUNT,
    KEY_ID,
    POOLED,
    POOLED_KEYS,
    PROPAGATION_SECONDS,
)
from installhub.identity.usage_key_reclaiming import IDLE_SECONDS, STUCK_SECONDS, KeyCounts
from installhub.identity.usage_keys import FIRST_SEEN_AT, LAST_SEEN_AT, READY_AT, USAGE_KEY
from tests.unit.identity.key_pool import DAY, SHARED_KEY, FakeApiGateway, KeyPool

TENANTS = 25_000


def tenants(count: int) -> list[str]:
    return [f"t{number}" for number in range(count)]


def pool_with(count: int, max_own_keys: int = 9_000) -> KeyPool:
    """Return a pool with ``count`` provisioned tenants, whose keys are active."""
    pool = KeyPool(max_own_keys)
    for tenant in tenants(count):
        pool.request(tenant)
    pool.now += PROPAGATION_SECONDS
    return pool


@pytest.fixture(scope="module")
def crowded() -> KeyPool:
    """A stack with 25,000 tenants, in an account with a few other keys."""
    pool = KeyPool(apigateway=FakeApiGateway(quota=9_500))
    authorizer, provisioner = pool.authorizer(), pool.provisioner
    for tenant in tenants(TENANTS):
        assert pool.request(tenant, authorizer, provisioner) == SHARED_KEY
    pool.now += PROPAGATION_SECONDS
    return pool


def test_of_25_000_tenants_every_one_has_a_key_of_the_plan(crowded: KeyPool) -> None:
    authorizer = crowded.authorizer()
    keys = {tenant: authorizer.key_for([tenant]) for tenant in tenants(TENANTS)}

    assert SHARED_KEY not in keys.values()
    assert set(keys.values()) == crowded.apigateway.values()
    assert len(crowded.apigateway.keys) == 9_000 + POOLED_KEYS


def test_a_flood_affects_no_tenant_with_a_key_of_its_own_and_few_others(crowded: KeyPool) -> None:
    users = Counter(crowded.key_of(tenant) for tenant in tenants(TENANTS))
    own = [key for key, count in users.items() if count == 1]
    pooled = {key: count for key, count in users.items() if count > 1}

    assert len(own) == 9_000
    assert len(pooled) == POOLED_KEYS
    assert max(pooled.values()) < 1.5 * (TENANTS - 9_000) / POOLED_KEYS, "a hundredth of the tenants without own keys"


def test_a_new_tenant_gets_its_own_key_after_the_propagation_time() -> None:
    pool = KeyPool()

    assert pool.request("a") == SHARED_KEY
    assert pool.request("a") == SHARED_KEY
    pool.now += PROPAGATION_SECONDS - 1
    assert pool.request("a") == SHARED_KEY
    pool.now += 1
    assert pool.request("a") == pool.key_of("a")
    assert pool.apigateway.values() == {pool.key_of("a")}


def test_an_account_without_free_keys_gives_a_pooled_key() -> None:
    pool = KeyPool(apigateway=FakeApiGateway(quota=POOLED_KEYS))
    for number in range(POOLED_KEYS):
        pool.api_keys.create(f"pool:{number}", "existing")

    pool.request("a")

    assert pool.key_of("a") in pool.apigateway.values()
    assert POOLED in pool.subjects()["tenant:a"]


@pytest.mark.parametrize("maximum", [0, 1, 3])
def test_the_number_of_keys_is_limited(maximum: int) -> None:
    pool = pool_with(5, max_own_keys=maximum)

    assert sum(POOLED not in item for item in pool.subjects().values()) == maximum


def test_provisioning_again_changes_nothing() -> None:
    pool = pool_with(1)
    before = pool.subjects()

    assert pool.provisioner.provision("tenant:t0") == 1
    assert pool.subjects() == before
    assert len(pool.apigateway.keys) == 1


def test_a_subject_that_was_deleted_in_the_meantime_is_not_provisioned() -> None:
    pool = KeyPool()

    assert pool.provisioner.provision("tenant:gone") == 0
    assert pool.dynamodb.items == {}


def test_a_name_that_another_name_starts_with_is_not_confused() -> None:
    pool = pool_with(1)
    (name,) = pool.apigateway.keys
    longer = {"id": "other", "name": f"{name}-2", "value": "other", "description": ""}
    pool.apigateway.keys = {longer["name"]: longer, **pool.apigateway.keys}

    assert pool.api_keys.find("tenant:t0") == f"id-of-{name}"


def test_a_tenant_that_sends_requests_keeps_its_key() -> None:
    pool = pool_with(1)
    key = pool.key_of("t0")
    for _ in range(IDLE_SECONDS // DAY + 10):
        pool.now += DAY
        assert pool.request("t0") == key
        assert pool.reclaim() == KeyCounts(own=1, pooled=0, reclaimed=0)


def test_the_last_request_is_recorded_once_a_day() -> None:
    pool = pool_with(1)
    seen = pool.subjects()["tenant:t0"][LAST_SEEN_AT]
    pool.now += DAY - PROPAGATION_SECONDS - 1
    pool.request("t0")
    assert pool.subjects()["tenant:t0"][LAST_SEEN_AT] == seen

    pool.now += 1
    pool.request("t0")

    assert pool.subjects()["tenant:t0"][LAST_SEEN_AT] == {"N": str(int(pool.now))}


def test_a_key_of_a_tenant_not_seen_for_90_days_is_given_back() -> None:
    pool = pool_with(2)
    pool.now += IDLE_SECONDS - PROPAGATION_SECONDS
    pool.request("t1")
    assert pool.reclaim().reclaimed == 0, "not quite 90 days"

    pool.now += 1

    assert pool.reclaim() == KeyCounts(own=1, pooled=0, reclaimed=1)
    assert set(pool.subjects()) == {"tenant:t1"}
    assert pool.apigateway.values() == {pool.key_of("t1")}
    assert pool.dynamodb.items[COUNTER][KEY_COUNT] == {"N": "1"}


def test_a_tenant_that_returns_is_provisioned_again() -> None:
    pool = pool_with(1)
    pool.now += IDLE_SECONDS + 1
    pool.reclaim()

    assert pool.request("t0") == SHARED_KEY
    pool.now += PROPAGATION_SECONDS
    assert pool.request("t0") == pool.key_of("t0")


def test_a_tenant_that_returns_while_its_key_is_given_back_keeps_it() -> None:
    pool = pool_with(1)
    pool.now += IDLE_SECONDS + 1
    scan = pool.dynamodb.scan

    def scan_then_request(**options: object) -> dict[str, object]:
        found = scan(**options)
        pool.request("t0")
        return found

    pool.dynamodb.scan = scan_then_request  # type: ignore[method-assign]

    assert pool.reclaim() == KeyCounts(own=1, pooled=0, reclaimed=0)
    assert pool.key_of("t0") in pool.apigateway.values()


def test_a_tenant_deleted_while_it_returns_is_not_stored_without_being_provisioned() -> None:
    pool = pool_with(1)
    pool.now += DAY
    get_item = pool.dynamodb.get_item

    def get_then_delete(**request: Any) -> dict[str, Any]:  # noqa: ANN401
        found = get_item(**request)
        pool.dynamodb.items.clear()
        return found

    pool.dynamodb.get_item = get_then_delete  # type: ignore[method-assign]

    assert pool.authorizer().key_for(["t0"]) == SHARED_KEY
    assert pool.dynamodb.items == {}


def test_an_interrupted_run_is_continued() -> None:
    pool = pool_with(1)
    pool.now += IDLE_SECONDS + 1
    delete, pool.apigateway.delete_api_key = pool.apigateway.delete_api_key, interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        pool.reclaim()
    assert pool.request("t0") == SHARED_KEY, "its key is about to be deleted"
    pool.apigateway.delete_api_key = delete  # type: ignore[method-assign]

    pool.reclaim()

    assert pool.apigateway.keys == {}
    assert pool.subjects() == {}


def interrupted(**_: object) -> None:
    raise KeyboardInterrupt


def test_a_tenant_whose_provisioning_failed_is_provisioned_after_its_last_retry() -> None:
    pool = KeyPool()
    pool.authorizer().key_for(["a"])
    pool.now += STUCK_SECONDS
    pool.reclaim()
    assert set(pool.subjects()) == {"tenant:a"}, "it may still be retried"

    pool.now += 1
    pool.reclaim()
    pool.request("a")

    assert pool.key_of("a") in pool.apigateway.values()


def test_pooled_tenants_get_keys_of_their_own_when_some_are_free() -> None:
    pool = pool_with(4, max_own_keys=2)
    for tenant in ("t2", "t3"):
        assert pool.request(tenant) in pool.apigateway.values()
    pool.now += IDLE_SECONDS
    for tenant in ("t2", "t3"):
        pool.request(tenant)
    assert pool.reclaim() == KeyCounts(own=0, pooled=0, reclaimed=2)

    for tenant in ("t2", "t3"):
        pool.request(tenant)

    assert not any(POOLED in item for item in pool.subjects().values())
    assert pool.key_of("t2") != pool.key_of("t3")


def test_items_of_the_first_release_are_found_by_when_they_were_first_seen() -> None:
    pool = pool_with(1)
    item = pool.dynamodb.items["tenant:t0"]
    for attribute in (LAST_SEEN_AT, "keyId"):
        del item[attribute]
    pool.now += IDLE_SECONDS + 1

    assert pool.reclaim().reclaimed == 1
    assert pool.apigateway.keys == {}


def test_an_item_without_any_date_keeps_its_key() -> None:
    pool = pool_with(1)
    item = pool.dynamodb.items["tenant:t0"]
    for attribute in (LAST_SEEN_AT, FIRST_SEEN_AT):
        del item[attribute]

    assert pool.reclaim().reclaimed == 0, "its last request is unknown"
    assert pool.request("t0") == pool.key_of("t0")
    assert pool.subjects()["tenant:t0"][LAST_SEEN_AT] == {"N": str(int(pool.now))}


def test_a_key_that_is_gone_already_is_no_obstacle() -> None:
    pool = pool_with(1)
    pool.apigateway.keys.clear()
    pool.now += IDLE_SECONDS + 1

    assert pool.reclaim().reclaimed == 1
    assert pool.subjects() == {}


def test_counting_corrects_a_number_that_a_crash_left_too_high() -> None:
    pool = pool_with(2)
    pool.dynamodb.items[COUNTER][KEY_COUNT] = {"N": "9000"}

    assert pool.reclaim() == KeyCounts(own=2, pooled=0, reclaimed=0)
    assert pool.dynamodb.items[COUNTER][KEY_COUNT] == {"N": "2"}


def test_attribute_names_are_those_of_deployed_tables() -> None:
    names = (FIRST_SEEN_AT, LAST_SEEN_AT, READY_AT, USAGE_KEY, KEY_COUNT, POOLED, KEY_ID)
    assert names == ("seenAt", "lastSeenAt", "readyAt", "usageKey", "ownKeys", "pooled", "keyId")
    assert COUNTER == "counter"
