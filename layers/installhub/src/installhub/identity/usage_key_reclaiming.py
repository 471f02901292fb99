"""Gives back the usage-plan keys of idle subjects, and counts the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from installhub.identity.usage_key_provisioning import COUNTER, KEY_COUNT, KEY_ID, POOLED, ApiKeys
from installhub.identity.usage_keys import (
    FIRST_SEEN_AT,
    LAST_SEEN_AT,
    SUBJECT,
    USAGE_KEY,
    first_seen,
    last_seen,
    primary_key,
)
from installhub.runtime.dynamodb import Attribute, Table, Update

if TYPE_CHECKING:
    from collections.abc import Iterable

    from installhub.runtime.dynamodb import Condition, Item

IDLE_SECONDS: Final = 90 * 24 * 3600
"""How long a subject keeps its key without being seen."""

STUCK_SECONDS: Final = 25 * 3600
"""When a subject without a key is provisioned again: after its stream record, which lives for 24 hours, has been lost,
or the giving back of its key was interrupted."""

MAX_RECLAIMED: Final = 1_000
"""Keys given back by one run, so that it ends in time: API Gateway deletes about five keys a second."""


@dataclass(frozen=True, slots=True)
class KeyCounts:
    """What a run found and did.

    Attributes:
        own: Subjects that keep a key of their own.
        pooled: Subjects that keep a pooled key.
        reclaimed: Own keys of idle subjects that were given back.
    """

    own: int
    pooled: int
    reclaimed: int


@dataclass(frozen=True, slots=True)
class UsageKeyReclaimer:
    """Gives back the keys of subjects that were not seen for 90 days.

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

    def reclaim(self) -> KeyCounts:
        """Give back idle keys and count the others. If interrupted, the next run continues.

        Raises:
            ServiceUnavailableError: DynamoDB or API Gateway is unavailable.
        """
        now = int(self.clock())
        items = [item for item in self.plans.scan() if item[SUBJECT]["S"] != COUNTER]
        idle = [item for item in items if last_seen(item) < now - IDLE_SECONDS][:MAX_RECLAIMED]
        reclaimed = sum(self._give_back(item, now - IDLE_SECONDS) for item in idle)
        for item in items:
            if USAGE_KEY not in item and first_seen(item) < now - STUCK_SECONDS:
                self._forget(item)
        with_key = [item for item in items if USAGE_KEY in item]
        own = sum(POOLED not in item for item in with_key) - reclaimed
        self.plans.update_item(primary_key(COUNTER), Update(assign={KEY_COUNT: own}))
        pooled = [item for item in with_key if POOLED in item and last_seen(item) >= now - IDLE_SECONDS]
        released = self._release(pooled[: max(self.max_own_keys - own, 0)])
        return KeyCounts(own, len(pooled) - released, reclaimed)

    def _give_back(self, item: Item, idle_before: int) -> bool:
        """Give back the own key of an idle subject; false if it has none, or has been seen in the meantime.

        First the item loses the key, so that nobody is sent to API Gateway with a deleted one.
        """
        has_own_key = USAGE_KEY in item and POOLED not in item
        forget_key = Update(remove=[USAGE_KEY])
        still_idle = _seen_before(idle_before)
        if self.plans.update_item(primary_key(item[SUBJECT]["S"]), forget_key, condition=still_idle) is None:
            return False
        self._forget(item)
        return has_own_key

    def _forget(self, item: Item) -> None:
        """Delete the key and the item of a subject without a usable key; its next request provisions it again."""
        subject = item[SUBJECT]["S"]
        if POOLED not in item:
            key_id = item[KEY_ID]["S"] if KEY_ID in item else self.keys.find(subject)
            if key_id is not None:
                self.keys.delete(key_id)
        self.plans.delete_item(primary_key(subject), condition=Attribute(USAGE_KEY).not_exists())

    def _release(self, pooled: Iterable[Item]) -> int:
        """Delete the items of subjects with pooled keys, which get keys of their own after their next requests."""
        return sum(
            self.plans.delete_item(primary_key(item[SUBJECT]["S"]), condition=Attribute(POOLED).exists())
            for item in pooled
        )


def _seen_before(time: int) -> Condition:
    """The subject was not seen since ``time``; items of the first release lack ``lastSeenAt``."""
    first = Attribute(LAST_SEEN_AT).not_exists() & Attribute(FIRST_SEEN_AT).less_than(time)
    return Attribute(LAST_SEEN_AT).less_than(time) | first
