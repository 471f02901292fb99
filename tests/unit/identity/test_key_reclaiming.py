"""What one run of giving back keys counts, and how many keys it gives back."""

from __future__ import annotations

import pytest

from installhub.identity import usage_key_reclaiming
from installhub.identity.usage_key_provisioning import POOLED
from installhub.identity.usage_key_reclaiming import IDLE_SECONDS, KeyCounts
from installhub.identity.usage_keys import LAST_SEEN_AT, USAGE_KEY
from tests.unit.identity.key_pool import KeyPool


def pool_with(*tenants: str, max_own_keys: int = 9_000) -> KeyPool:
    pool = KeyPool(max_own_keys)
    for tenant in tenants:
        pool.request(tenant)
    return pool


def be_idle(pool: KeyPool, *tenants: str) -> None:
    """Let ``tenants`` be last seen just over 90 days ago."""
    for tenant in tenants:
        pool.dynamodb.items[f"tenant:{tenant}"][LAST_SEEN_AT] = {"N": str(int(pool.now) - IDLE_SECONDS - 1)}


def test_provisioning_returns_how_many_tenants_have_keys_of_their_own() -> None:
    pool = KeyPool(max_own_keys=2)
    counts = []
    for tenant in "abc":
        pool.authorizer().key_for([tenant])
        counts.append(pool.provisioner.provision(f"tenant:{tenant}"))

    assert counts == [1, 2, 2]


def test_one_run_gives_back_a_limited_number_of_keys_and_the_next_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_key_reclaiming, "MAX_RECLAIMED", 2)
    pool = pool_with("a", "b", "c")
    be_idle(pool, "a", "b", "c")

    assert pool.reclaim() == KeyCounts(own=1, pooled=0, reclaimed=2)
    assert pool.reclaim() == KeyCounts(own=0, pooled=0, reclaimed=1)


def test_an_idle_tenant_with_a_pooled_key_is_forgotten_and_the_key_kept() -> None:
    pool = pool_with("a", "b", max_own_keys=1)
    be_idle(pool, "b")

    assert pool.reclaim() == KeyCounts(own=1, pooled=0, reclaimed=0)
    assert set(pool.subjects()) == {"tenant:a"}
    assert len(pool.apigateway.keys) == 2


def test_an_idle_tenant_without_a_key_is_forgotten_and_not_counted() -> None:
    pool = pool_with("a", "b")
    del pool.dynamodb.items["tenant:b"][USAGE_KEY]
    be_idle(pool, "b")

    assert pool.reclaim() == KeyCounts(own=1, pooled=0, reclaimed=0)
    assert set(pool.subjects()) == {"tenant:a"}


def test_pooled_tenants_wait_while_more_keys_are_in_use_than_allowed() -> None:
    pool = pool_with("a", "b", "c", "d", max_own_keys=2)
    pool.max_own_keys = 1

    assert pool.reclaim() == KeyCounts(own=2, pooled=2, reclaimed=0)
    assert set(pool.subjects()) == {"tenant:a", "tenant:b", "tenant:c", "tenant:d"}


def test_only_as_many_pooled_tenants_are_released_as_keys_are_free() -> None:
    pool = pool_with("a", "b", "c", "d", max_own_keys=2)
    be_idle(pool, "a")

    assert pool.reclaim() == KeyCounts(own=1, pooled=1, reclaimed=1)
    assert sum(POOLED in item for item in pool.subjects().values()) == 1


@pytest.mark.parametrize(("seconds", "pooled"), [(0, 1), (1, 0)])
def test_a_pooled_tenant_counts_until_it_is_idle(seconds: int, pooled: int) -> None:
    pool = pool_with("a", max_own_keys=0)
    pool.now += IDLE_SECONDS + seconds

    assert pool.reclaim() == KeyCounts(own=0, pooled=pooled, reclaimed=0)
