"""The lookup of usage-plan keys in the plans table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from installhub.identity import usage_keys
from installhub.identity.usage_keys import (
    FIRST_SEEN_AT,
    LAST_SEEN_AT,
    READY_AT,
    SUBJECT,
    USAGE_KEY,
    UsageKeys,
    first_seen,
    last_seen,
)

NOW = 1_800_000_000


@dataclass
class FakeDynamoDB:
    """A plans table in memory."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    reads: int = 0

    def get_item(self, *, Key: dict[str, Any], **_: object) -> dict[str, Any]:  # noqa: N803  # boto3's name
        self.reads += 1
        item = self.items.get(Key[SUBJECT]["S"])
        return {} if item is None else {"Item": item}

    def put_item(self, *, Item: dict[str, Any], **_: object) -> None:  # noqa: N803  # boto3's name
        self.items[Item[SUBJECT]["S"]] = Item

    def add(self, tenant: str, ready_at: int) -> None:
        subject = {"S": f"tenant:{tenant}"}
        self.items[subject["S"]] = {
            SUBJECT: subject,
            FIRST_SEEN_AT: {"N": str(NOW)},
            USAGE_KEY: {"S": f"key-{tenant}"},
            READY_AT: {"N": str(ready_at)},
        }


def keys_of(database: FakeDynamoDB) -> UsageKeys:
    return UsageKeys(cast("Any", database), "plans", "shared", lambda: NOW)


def test_attribute_names_are_those_of_deployed_tables() -> None:
    assert (SUBJECT, USAGE_KEY, READY_AT, FIRST_SEEN_AT) == ("customer", "usageKey", "readyAt", "seenAt")


def test_a_token_without_tenants_uses_the_shared_key() -> None:
    database = FakeDynamoDB()

    assert keys_of(database).key_for([]) == "shared"
    assert database.reads == 0


def test_a_new_subject_is_stored_and_uses_the_shared_key() -> None:
    database = FakeDynamoDB()

    assert keys_of(database).key_for(["a"]) == "shared"
    assert database.items == {
        "tenant:a": {SUBJECT: {"S": "tenant:a"}, FIRST_SEEN_AT: {"N": str(NOW)}, LAST_SEEN_AT: {"N": str(NOW)}}
    }


@pytest.mark.parametrize(("ready_at", "key"), [(NOW - 1, "key-a"), (NOW, "key-a"), (NOW + 1, "shared")])
def test_a_key_is_used_from_the_time_when_it_is_ready(ready_at: int, key: str) -> None:
    database = FakeDynamoDB()
    database.add("a", ready_at)

    assert keys_of(database).key_for(["a"]) == key


def test_a_key_that_is_ready_is_read_once_an_hour() -> None:
    database = FakeDynamoDB()
    database.add("a", NOW)
    now = NOW
    keys = UsageKeys(cast("Any", database), "plans", "shared", lambda: now)

    assert [keys.key_for(["a"]) for _ in range(3)] == ["key-a"] * 3
    assert database.reads == 1
    now += 3599
    assert (keys.key_for(["a"]), database.reads) == ("key-a", 1)
    now += 1
    assert (keys.key_for(["a"]), database.reads) == ("key-a", 2)


def test_the_keys_of_several_tenants_are_cached() -> None:
    database = FakeDynamoDB()
    for tenant in "abc":
        database.add(tenant, NOW)
    keys = keys_of(database)

    assert [keys.key_for([tenant]) for tenant in "abcabc"] == ["key-a", "key-b", "key-c"] * 2
    assert database.reads == 3


def test_an_item_without_dates_was_seen_at_an_unknown_time() -> None:
    assert (first_seen({}), last_seen({})) == (0, 0)
    assert last_seen({FIRST_SEEN_AT: {"N": "5"}}) == 5
    assert last_seen({FIRST_SEEN_AT: {"N": "5"}, LAST_SEEN_AT: {"N": "7"}}) == 7


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_keys, "_MAX_CACHED_KEYS", 2)
    database = FakeDynamoDB()
    for tenant in "abc":
        database.add(tenant, NOW)
    keys = keys_of(database)

    assert [keys.key_for([tenant]) for tenant in "abcab"] == ["key-a", "key-b", "key-c", "key-a", "key-b"]
    assert database.reads == 5, "the third key replaced the first two, and the fourth and fifth were read again"
