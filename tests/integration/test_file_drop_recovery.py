"""Crashes, outages, slow files and simultaneous runs: a dropped file is published completely, whatever happens."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import pytest

from installhub.events import drop_files, drop_run
from installhub.events.drop_run import LEASE_SECONDS
from installhub.events.drop_worker import DropWorker
from installhub.events.message_handler import RetryLaterError
from installhub.runtime import aws_clients
from operations.audit.stack import audit
from tests.integration.support.async_stack import MAX_ATTEMPTS
from tests.integration.support.async_stack import Killed as KilledBySqs
from tests.integration.support.async_stack import killed as killed_by_sqs
from tests.integration.support.drop_stack import INVOCATION_SECONDS, KEY, DropStack, content_of, line
from tests.integration.support.wire import (
    AccessDenied,
    BrokenBody,
    ConcurrentAction,
    Kill,
    Killed,
    NoFault,
    Outage,
    Wire,
    moments,
)

if TYPE_CHECKING:
    from tests.integration.support.world import World

LINES: Final = [line("rule-0"), b"poison", *(line(f"rule-{number}") for number in range(1, 6))]
IDS: Final = {f"rule-{number}" for number in range(6)}
CALLS: Final = (
    *("GetObject-1", "HeadObject-1", "PutObject-1"),  # the result, the file, the claim
    *("GetObject-2", "PutObject-2"),
    *("BatchGetItem-1", "BatchWriteItem-1", "TransactWriteItems-1", "UpdateItem-1", "PutObject-3"),
    *("BatchGetItem-2", "BatchWriteItem-2", "TransactWriteItems-2", "UpdateItem-2", "PutObject-4", "PutObject-5"),
)
CRASH_SECONDS: Final = INVOCATION_SECONDS + 10

pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.fixture
def stack(world: World, monkeypatch: pytest.MonkeyPatch) -> DropStack:
    """A file drop that publishes four lines at a time, and stores its progress at every opportunity."""
    monkeypatch.setattr(drop_run, "_BATCH_LINES", 4)
    monkeypatch.setattr(drop_run, "_SAVE_SECONDS", 0)
    return DropStack(world)


def assert_complete(stack: DropStack, key: str = KEY) -> dict[str, Any]:
    """Check that every line is done, once, and return the result."""
    result: dict[str, Any] = stack.result(key)
    assert result["status"] == "published"
    assert result["counts"]["lines"] == len(LINES)
    assert result["counts"]["refused"] == 1
    assert [problem["line"] for problem in result["refused"]] == [2]
    assert (result["checkpoint"]["line"], result["checkpoint"]["leaseUntil"]) == (len(LINES), 0)
    assert stack.artifacts().keys() == IDS
    world = stack.world
    assert audit(world.dynamodb, world.s3, world.kms, world.outputs, clock=world.clock).findings == []
    return result


def redeliver(stack: DropStack, message: str) -> None:
    """Deliver a message until it is processed, after the process that had it has died."""
    stack.clock.now += CRASH_SECONDS
    stack.deliver(message, attempt=2)


def test_the_calls_of_a_run_are_those_tested_here(stack: DropStack, wire: Wire) -> None:
    message = stack.drop(content_of(LINES))
    wire.clear()

    stack.deliver(message)

    assert sorted(map(str, wire.calls)) == sorted(CALLS)


@pytest.mark.parametrize("moment", moments(*CALLS))
@pytest.mark.parametrize("key", [KEY, f"{KEY}.gz"])
def test_a_file_whose_run_crashes_at_any_call_is_completed_by_the_next(
    stack: DropStack, wire: Wire, moment: str, key: str
) -> None:
    message = stack.drop(content_of(LINES), key)
    wire.clear()
    wire.fault = Kill(moment)
    with pytest.raises(Killed):
        stack.deliver(message)
    wire.fault = NoFault()

    redeliver(stack, message)

    assert_complete(stack, key)


@pytest.mark.parametrize("operation", ["ChangeMessageVisibility", "SendMessage"])
@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_a_call_of_the_queue_loses_no_line(stack: DropStack, operation: str, *, after: bool) -> None:
    message = stack.drop(content_of(LINES))
    stack.clock.tick = 100
    with killed_by_sqs(aws_clients.sqs(), operation, after=after), pytest.raises(KilledBySqs):
        stack.deliver(message, seconds_left=700)
    stack.clock.tick = 0

    redeliver(stack, message)

    assert_complete(stack)


@pytest.mark.parametrize("kind", ["throttled", "failing", "unreachable", "answer lost"])
@pytest.mark.parametrize("call", CALLS)
def test_after_an_outage_at_any_call_the_next_attempt_completes_the_file(
    stack: DropStack, wire: Wire, kind: str, call: str
) -> None:
    message = stack.drop(content_of(LINES))
    wire.clear()
    wire.fault = Outage.at(call, kind)
    with suppress(RetryLaterError):
        stack.deliver(message)
    wire.fault = NoFault()
    stack.clock.now += LEASE_SECONDS + 1

    stack.deliver(message)

    assert_complete(stack)
    assert stack.dead_letters() == []


@pytest.mark.parametrize("call", CALLS)
def test_a_short_outage_is_not_noticed(stack: DropStack, wire: Wire, call: str) -> None:
    message = stack.drop(content_of(LINES))
    wire.clear()
    wire.fault = Outage.at(call, "answer lost", times=1)

    stack.deliver(message)

    assert_complete(stack)
    assert stack.sent_again == []


def test_an_outage_after_progress_is_no_failed_attempt(stack: DropStack, wire: Wire) -> None:
    message = stack.drop(content_of(LINES))
    wire.clear()
    wire.fault = Outage.at("BatchGetItem-2", "throttled")

    assert stack.deliver(message, attempt=MAX_ATTEMPTS) is None

    assert stack.sent_again == [(0, 15)]
    result = stack.result()
    assert (result["status"], result["checkpoint"]["line"], result["checkpoint"]["leaseUntil"]) == ("publishing", 4, 0)
    wire.fault = NoFault()
    stack.deliver(message)
    assert assert_complete(stack)["counts"]["created"] == 6


def test_an_interrupted_response_is_a_failed_attempt(stack: DropStack, wire: Wire) -> None:
    message = stack.drop(content_of(LINES))
    wire.clear()
    wire.fault = BrokenBody("GetObject-2")
    with pytest.raises(RetryLaterError):
        stack.deliver(message)
    wire.fault = NoFault()

    stack.deliver(message, attempt=2)

    assert_complete(stack)


def test_a_file_that_fails_at_every_attempt_is_dead_lettered_and_can_be_redriven(stack: DropStack, wire: Wire) -> None:
    message = stack.drop(content_of(LINES))
    wire.clear()
    wire.fault = Outage(lambda call: call.service == "dynamodb", "failing")
    for attempt in range(1, MAX_ATTEMPTS):
        with pytest.raises(RetryLaterError):
            stack.deliver(message, attempt=attempt)
    stack.deliver(message, attempt=MAX_ATTEMPTS)

    assert stack.dead_letters() == [(message, "ServiceUnavailableError: ServiceUnavailable")]
    result = stack.result()
    assert (result["status"], result["errors"][0]["errorCode"]) == ("failed", "ServiceUnavailable")
    wire.fault = NoFault()
    stack.deliver(message)
    assert assert_complete(stack)["errors"] == []


def test_a_bug_is_reported_without_its_text_and_dead_lettered_with_it(
    stack: DropStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret")

    message = stack.drop(content_of(LINES))
    with monkeypatch.context() as patch:
        patch.setattr(DropWorker, "_publish", fail)
        stack.deliver(message, attempt=MAX_ATTEMPTS)

    assert stack.dead_letters() == [(message, "ZeroDivisionError: secret")]
    assert [error["errorCode"] for error in stack.result()["errors"]] == ["InternalError"]
    assert "secret" not in str(stack.result())


def test_without_permission_nothing_is_lost(stack: DropStack, wire: Wire) -> None:
    message = stack.drop(content_of(LINES))
    wire.clear()
    wire.fault = AccessDenied("TransactWriteItems-1")

    with pytest.raises(RetryLaterError):
        stack.deliver(message)

    assert stack.result()["checkpoint"]["line"] == 0


@pytest.mark.parametrize("key", [KEY, f"{KEY}.gz"])
def test_a_file_that_takes_longer_than_one_invocation_is_continued(stack: DropStack, key: str) -> None:
    message = stack.drop(content_of(LINES), key)
    stack.clock.tick = 40
    invocations = 0
    while not stack.sent_again or len(stack.sent_again) == invocations:
        invocations += 1
        stack.deliver(message, attempt=MAX_ATTEMPTS, seconds_left=250)
        assert invocations < 10

    assert invocations > 1
    assert stack.sent_again == [(0, 0)] * (invocations - 1), "a continuation is no failed attempt"
    stack.clock.tick = 0
    assert assert_complete(stack, key)["counts"]["created"] == 6


def test_a_line_that_cannot_be_read_within_an_invocation_ends_as_failed(
    stack: DropStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drop_files, "_CHUNK_BYTES", 1_000)
    message = stack.drop(content_of(LINES[:2]) + b" " * 50_000)
    stack.clock.tick = 20
    for attempt in range(1, MAX_ATTEMPTS):
        with pytest.raises(RetryLaterError):
            stack.deliver(message, attempt=attempt)
        stack.clock.now += LEASE_SECONDS

    stack.deliver(message, attempt=MAX_ATTEMPTS)

    result = stack.result()
    assert (result["status"], result["errors"][0]["errorCode"]) == ("failed", "RequestTooLarge")
    assert len(stack.dead_letters()) == 1


def test_two_runs_do_not_work_on_a_file_at_the_same_time(stack: DropStack, wire: Wire) -> None:
    message = stack.drop(content_of(LINES))
    other = DropStack(stack.world.with_other_clients(), stack.clock)
    wire.clear()
    wire.fault = ConcurrentAction.at("BatchGetItem-2", lambda: other.deliver(message))

    stack.deliver(message)

    ((tries, delay),) = other.sent_again
    assert tries == 0, "waiting is no failed attempt"
    assert 0 < delay <= LEASE_SECONDS + 1
    assert assert_complete(stack)["counts"]["created"] == 6


def test_a_run_that_was_taken_over_stops(stack: DropStack, wire: Wire) -> None:
    """It was suspended for longer than its lease."""
    message = stack.drop(content_of(LINES))
    other = DropStack(stack.world.with_other_clients(), stack.clock)

    def take_over() -> None:
        stack.clock.now += LEASE_SECONDS + 1
        other.deliver(message)

    wire.clear()
    wire.fault = ConcurrentAction.at("PutObject-2", take_over)

    assert stack.deliver(message) is None

    assert stack.sent_again == [(0, LEASE_SECONDS)]
    result = assert_complete(stack)
    stack.deliver(message)
    assert stack.result() == result


def test_a_file_replaced_while_it_is_read_starts_over(
    stack: DropStack, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drop_files, "_CHUNK_BYTES", 200)
    replacement = content_of([line("new"), *LINES])
    message = stack.drop(content_of(LINES))
    wire.clear()
    wire.fault = ConcurrentAction.at("GetObject-5", lambda: stack.drop(replacement))

    assert stack.deliver(message) is None

    assert stack.sent_again == [(0, 0)]
    stack.deliver(message)
    result = stack.result()
    assert (result["status"], result["counts"]["lines"]) == ("published", len(LINES) + 1)
    assert stack.artifacts().keys() == {*IDS, "new"}


def test_a_file_deleted_while_it_is_read_is_dead_lettered(
    stack: DropStack, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drop_files, "_CHUNK_BYTES", 200)
    message = stack.drop(content_of(LINES))
    other = stack.world.with_other_clients()
    wire.clear()
    wire.fault = ConcurrentAction.at("GetObject-5", lambda: other.s3.delete_object(Bucket=stack.bucket, Key=KEY))

    stack.deliver(message)
    stack.deliver(message)

    ((_, reason),) = stack.dead_letters()
    assert KEY in reason


def test_a_resumed_plain_file_is_not_read_again(stack: DropStack, wire: Wire) -> None:
    message = stack.drop(content_of(LINES))
    wire.clear()
    wire.fault = Outage.at("BatchGetItem-2", "failing")
    stack.deliver(message)
    offset = stack.result()["checkpoint"]["offset"]
    ranges: list[str] = []
    stack.world.s3.meta.events.register_first(
        "provide-client-params.s3.GetObject", lambda params, **_: ranges.append(params.get("Range", ""))
    )
    wire.fault = NoFault()

    stack.deliver(message)

    size = len(content_of(LINES))
    assert ranges == ["", f"bytes={offset}-{size - 1}"]
    assert offset == len(content_of(LINES[:4]))


def test_progress_is_stored_about_every_two_seconds(world: World, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drop_run, "_BATCH_LINES", 1)
    stack = DropStack(world)
    stack.clock.tick = 0.3
    message = stack.drop(content_of(LINES))
    wire.clear()

    stack.deliver(message)

    seconds = stack.clock.now - 1_780_000_000
    assert seconds / 2 - 2 <= wire.count("PutObject") <= seconds / 2 + 2
