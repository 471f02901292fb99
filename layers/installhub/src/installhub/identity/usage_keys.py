"""Usage-plan keys, which limit the request rate of each tenant: subjects, and the lookup of their keys.

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

from installhub.runtime.dynamodb import Attribute, Table, Update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.runtime.dynamodb import Item, NewItem

SUBJECT: Final = "customer"
USAGE_KEY: Final = "usageKey"
READY_AT: Final = "readyAt"
FIRST_SEEN_AT: Final = "seenAt"
LAST_SEEN_AT: Final = "lastSeenAt"

SEEN_RESOLUTION_SECONDS: Final = 24 * 3600
"""How old ``lastSeenAt`` may become while a subject sends requests; limits the writes."""

_CACHE_SECONDS: Final = 3600
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
    _cached: dict[str, tuple[str, float]] = field(default_factory=dict)  # keys, and until when they are valid

    def key_for(self, tenants: Sequence[str]) -> str:
        """The usage-plan key of a caller with ``tenants``.

        A new subject is added to the plans table, whose stream triggers the creation of its key.

        Raises:
            ServiceUnavailableError: The plans table cannot be read or written.
        """
        subject = usage_subject(tenants)
        if subject is None:
            return self.shared_key
        now = self.clock()
        cached = self._cached.get(subject)
        if cached is not None and now < cached[1]:
            return cached[0]
        own_key = self._own_key(subject, int(now))
        if own_key is None:
            return self.shared_key
        if len(self._cached) >= _MAX_CACHED_KEYS:
            self._cached.clear()
        self._cached[subject] = own_key, now + _CACHE_SECONDS
        return own_key

    def _own_key(self, subject: str, now: int) -> str | None:
        plans = Table(self.client, self.table)
        item = plans.get_item(primary_key(subject), consistent=False)
        if item is None:
            seen = {"N": str(now)}
            plans.put_item(
                {**primary_key(subject), FIRST_SEEN_AT: seen, LAST_SEEN_AT: seen},
                condition=Attribute(SUBJECT).not_exists(),
            )
            return None
        if now - last_seen(item) >= SEEN_RESOLUTION_SECONDS:
            # The condition prevents that an item which was just deleted is created without being provisioned.
            seen_again = Update(assign={LAST_SEEN_AT: now})
            item = plans.update_item(primary_key(subject), seen_again, condition=Attribute(SUBJECT).exists())
        if item is None or USAGE_KEY not in item or int(item[READY_AT]["N"]) > now:
            return None
        return item[USAGE_KEY]["S"]


def primary_key(subject: str) -> NewItem:
    """The key of a subject's item in the plans table."""
    return {SUBJECT: {"S": subject}}


def last_seen(item: Item) -> int:
    """When the subject of an item was last seen, in epoch seconds; up to a day too early. 0 if that is unknown."""
    return int(item[LAST_SEEN_AT]["N"]) if LAST_SEEN_AT in item else first_seen(item)


def first_seen(item: Item) -> int:
    """When the subject of an item was first seen, in epoch seconds; 0 if that is unknown."""
    return int(item[FIRST_SEEN_AT]["N"]) if FIRST_SEEN_AT in item else 0
