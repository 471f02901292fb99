"""The store of responses to idempotent requests: leases, attempts that outlive them, and the stored items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from installhub.exports.idempotency_store import IdempotencyStore, IdempotentRequest, StoredResponse
from installhub.model.errors import ErrorCode, InstallHubError
from tests.integration.support.async_stack import NOW, Clock
from tests.integration.support.wire import Outage

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

SECONDS = 29
LEASE = SECONDS + 5
REQUEST = IdempotentRequest.from_key("k", "acme", "user-1", {"version": "1.0.0"})
FIRST, SECOND, THIRD = (StoredResponse(package_id=name) for name in ("first", "second", "third"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(world: World, clock: Clock) -> IdempotencyStore:
    return IdempotencyStore(world.dynamodb, world.name("RequestsTable"), clock)


def run(store: IdempotencyStore, work: Callable[[], StoredResponse]) -> StoredResponse:
    return store.run_once(REQUEST, SECONDS, work)


def stored_item(world: World) -> dict[str, Any]:
    (item,) = world.dynamodb.scan(TableName=world.name("RequestsTable"))["Items"]
    return dict(item)


def test_a_key_is_in_use_until_the_lease_of_its_request_ends(store: IdempotencyStore, clock: Clock) -> None:
    def outlive_the_lease() -> StoredResponse:
        clock.now += LEASE
        with pytest.raises(InstallHubError) as refusal:
            run(store, lambda: SECOND)
        assert refusal.value.code is ErrorCode.IDEMPOTENCY_KEY_IN_USE
        clock.now += 1
        assert run(store, lambda: SECOND) == SECOND
        return FIRST

    run(store, outlive_the_lease)


def test_an_attempt_that_outlives_its_lease_does_not_replace_the_response_of_the_next(
    store: IdempotencyStore, clock: Clock
) -> None:
    def outlive_the_lease() -> StoredResponse:
        clock.now += LEASE + 1
        run(store, lambda: SECOND)
        return FIRST

    run(store, outlive_the_lease)

    assert run(store, lambda: THIRD) == SECOND


def test_an_attempt_that_fails_after_its_lease_does_not_free_the_key(store: IdempotencyStore, clock: Clock) -> None:
    def outlive_the_lease() -> StoredResponse:
        clock.now += LEASE + 1
        run(store, lambda: SECOND)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(store, outlive_the_lease)

    assert run(store, lambda: THIRD) == SECOND


@pytest.mark.usefixtures("no_waiting")
def test_a_lost_response_to_the_first_write_does_not_make_a_request_its_own_rival(
    store: IdempotencyStore, wire: Wire
) -> None:
    wire.fault = Outage.at("PutItem-1", "answer lost", times=1)

    assert run(store, lambda: FIRST) == FIRST
    assert wire.attempts["PutItem-1"] == 2


def test_items_have_the_attributes_of_deployed_tables(store: IdempotencyStore, world: World) -> None:
    in_progress: list[dict[str, Any]] = []

    def work() -> StoredResponse:
        in_progress.append(stored_item(world))
        return FIRST

    run(store, work)

    (begun,) = in_progress
    attempt_id = begun.pop("attemptId")
    same = {
        "requestId": {"S": REQUEST.request_id},
        "digest": {"S": REQUEST.digest},
        "expiresAt": {"N": str(NOW + 24 * 3600)},
    }
    assert begun == {**same, "status": {"S": "working"}, "leaseUntil": {"N": str(NOW + LEASE)}}
    completed = stored_item(world)
    assert completed.pop("answer")["B"]
    assert completed == {**same, "status": {"S": "answered"}, "attemptId": attempt_id}
