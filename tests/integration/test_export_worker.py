"""The export worker: idempotent processing, refusals, retries and dead letters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from installhub.events.message_handler import MIN_SECONDS_LEFT, RetryLaterError
from installhub.exports.exporter import Exporter
from installhub.model.errors import ServiceUnavailableError
from installhub.runtime.message_queue import MessageQueue
from tests.integration.support.artifact_inputs import TENANT, artifact_input
from tests.integration.support.async_stack import (
    MAX_ATTEMPTS,
    SOURCE,
    AsyncStack,
    Killed,
    export_body,
    export_requested,
    inbox_notification,
    killed,
)
from tests.integration.support.wire import AccessDenied, Wire

if TYPE_CHECKING:
    from tests.integration.support.world import World

LEASE = 900


@pytest.fixture
def async_stack(world: World) -> AsyncStack:
    world.publish(artifact_input("proc", "rule", kind="ProcessDefinition"), artifact_input("rule"))
    return AsyncStack(world)


def deliver(async_stack: AsyncStack, text: str, *, attempt: int = 1, seconds_left: float = LEASE) -> Any:  # noqa: ANN401
    return async_stack.message_handler.handle(async_stack.receive(text, attempt=attempt), seconds_left)


def record_postponements(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Record the earlier tries and the delays of messages that are sent again, in the returned list."""
    postponements: list[tuple[int, int]] = []
    send = MessageQueue.send

    def record_and_send(queue: MessageQueue, message: str, *, tries: int = 0, delay_seconds: int = 0) -> None:
        postponements.append((tries, delay_seconds))
        send(queue, message, tries=tries)

    monkeypatch.setattr(MessageQueue, "send", record_and_send)
    return postponements


def record_visibility_timeouts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record the visibility timeouts that are set on messages, in the returned list."""
    timeouts: list[int] = []
    change_visibility = MessageQueue.change_visibility

    def record_and_change(queue: MessageQueue, receipt_handle: str, seconds: int) -> None:
        timeouts.append(seconds)
        change_visibility(queue, receipt_handle, seconds)

    monkeypatch.setattr(MessageQueue, "change_visibility", record_and_change)
    return timeouts


def test_the_same_event_ten_times_creates_one_package(async_stack: AsyncStack) -> None:
    event = export_requested(export_body(), "event-1")

    exports = [deliver(async_stack, event) for _ in range(10)]

    assert [exported.is_new for exported in exports] == [True] + [False] * 9
    assert len({exported.record.bundle_key for exported in exports}) == 1
    assert len(async_stack.world.objects()) == 1
    assert async_stack.stored_failures() == []


def test_the_audit_trail_names_the_source(async_stack: AsyncStack) -> None:
    record = deliver(async_stack, export_requested(export_body(), "event-1")).record

    assert record.exported_by == f"event:{SOURCE}"
    assert record.request_id == f"event:{SOURCE}/event-1"


def test_a_request_that_crashed_after_its_commit_finds_its_own_package(async_stack: AsyncStack) -> None:
    event = export_requested(export_body(), "event-1")
    # the updates are claim and commit; the process dies after the commit
    with killed(async_stack.world.dynamodb, "UpdateItem", nth=2), pytest.raises(Killed):
        deliver(async_stack, event)
    async_stack.world.publish(artifact_input("rule", status="draft"))  # no longer exportable

    exported = deliver(async_stack, event)

    assert not exported.is_new
    assert exported.manifest["installOrder"] == ["rule", "proc"]
    assert async_stack.stored_failures() == []


def test_a_request_that_crashed_before_its_commit_is_processed_after_its_lease(
    async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = export_requested(export_body(), "event-1")
    with killed(async_stack.world.dynamodb, "UpdateItem", after=False, nth=2), pytest.raises(Killed):
        deliver(async_stack, event)
    postponements = record_postponements(monkeypatch)

    assert deliver(async_stack, event, attempt=MAX_ATTEMPTS) is None
    ((tries, delay),) = postponements
    assert tries == MAX_ATTEMPTS - 1
    assert LEASE + 5 < delay <= LEASE + 30, "not before the first attempt's lease ends"
    assert async_stack.dead_letters() == []

    async_stack.clock.now += LEASE + 6
    assert deliver(async_stack, event).is_new
    assert len(async_stack.world.objects()) == 1


def test_a_version_held_by_another_request_is_a_conflict(async_stack: AsyncStack) -> None:
    deliver(async_stack, export_requested(export_body()))

    assert deliver(async_stack, export_requested(export_body(), "event-2")) is None

    (failure,) = async_stack.stored_failures()
    assert [error["errorCode"] for error in failure["errors"]] == ["VersionConflict"]
    assert failure["request"] == f"event:{SOURCE}/event-2"


def test_a_refusal_has_every_reason_and_does_not_change(async_stack: AsyncStack) -> None:
    event = export_requested(export_body("Suite", "proc", "gone", "lost"), "event-1")

    assert deliver(async_stack, event) is None
    async_stack.world.publish(artifact_input("gone"), artifact_input("lost"))
    async_stack.clock.now += 60
    assert deliver(async_stack, event) is None

    (failure,) = async_stack.stored_failures()
    assert [error["artifactId"] for error in failure["errors"]] == ["gone", "lost"]
    assert failure["tenantId"] == TENANT
    assert failure["packageName"] == "Suite"
    assert failure["failedAt"] == "2026-05-28T20:26:40Z", "the time of the first attempt"
    assert async_stack.world.package_statuses() == {}


@pytest.mark.parametrize(
    ("detail", "codes"),
    [
        ({}, {"InvalidRequest"}),
        ("text", {"InvalidRequest"}),
        (None, {"InvalidRequest"}),
        (export_body(version="1"), {"InvalidVersion"}),
        (export_body(tenantId=None), {"InvalidRequest"}),
        (export_body("Suite", *["x"] * 0, artifactIds=[]), {"InvalidRequest"}),
    ],
)
def test_an_invalid_request_is_refused_as_over_http(async_stack: AsyncStack, detail: object, codes: set[str]) -> None:
    assert deliver(async_stack, export_requested(detail)) is None

    (failure,) = async_stack.stored_failures()
    assert {error["errorCode"] for error in failure["errors"]} == codes
    assert all("pointer" in error for error in failure["errors"])
    assert async_stack.dead_letters() == []


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "3",
        "null",
        '{"source": "x"}',
        '{"source": "x", "detail-type": "Other", "detail": {}, "id": "1"}',
        '{"acceptedExport": {"requestId": "x"}}',
        '{"source": "aws.s3", "detail": {}}',
        inbox_notification("another-bucket", "requests/a.json", None),
        "[" * 100_000,
    ],
)
def test_an_unreadable_message_is_dead_lettered_at_once_with_its_reason(async_stack: AsyncStack, text: str) -> None:
    assert deliver(async_stack, text) is None

    ((message, reason),) = async_stack.dead_letters()
    assert message == text
    assert reason
    assert async_stack.stored_failures() == []


def test_a_failing_message_is_retried_and_finally_dead_lettered(
    async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = export_requested(export_body(), "event-1")

    def fail(*_: object) -> None:
        raise ServiceUnavailableError("dynamodb")

    timeouts = record_visibility_timeouts(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(Exporter, "export", fail)
        for attempt in range(1, MAX_ATTEMPTS):
            with pytest.raises(RetryLaterError):
                deliver(async_stack, event, attempt=attempt)
        assert timeouts[1::2] == [15, 30, 60], "increasing delays"
        assert async_stack.stored_failures() == []

        assert deliver(async_stack, event, attempt=MAX_ATTEMPTS) is None

    (failure,) = async_stack.stored_failures()
    assert failure["errors"][0]["errorCode"] == "ServiceUnavailable"
    ((message, reason),) = async_stack.dead_letters()
    assert json.loads(message)["id"] == "event-1"
    assert reason == "ServiceUnavailableError: ServiceUnavailable"

    assert deliver(async_stack, message).is_new, "the redriven message is processed"


def test_a_bug_is_reported_without_its_text_and_dead_lettered_with_it(
    async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret\x00")

    monkeypatch.setattr(Exporter, "export", fail)

    assert deliver(async_stack, export_requested(export_body()), attempt=MAX_ATTEMPTS) is None

    (failure,) = async_stack.stored_failures()
    assert failure["errors"][0]["errorCode"] == "InternalError"
    assert "secret" not in json.dumps(failure)
    assert async_stack.dead_letters()[0][1] == "ZeroDivisionError: secret"


def test_no_job_is_started_without_enough_time(async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch) -> None:
    postponements = record_postponements(monkeypatch)

    assert deliver(async_stack, export_requested(export_body()), seconds_left=MIN_SECONDS_LEFT - 1) is None

    assert postponements == [(0, 0)]
    assert async_stack.world.package_statuses() == {}


def test_waiting_is_no_try(async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that waits more often than it may be tried, then fails once, then succeeds."""
    event = export_requested(export_body(), "event-1")
    handler = async_stack.message_handler
    postponements = record_postponements(monkeypatch)
    handler.handle(async_stack.receive(event), MIN_SECONDS_LEFT - 1)
    for _ in range(2 * MAX_ATTEMPTS):
        tries, _delay = postponements[-1]
        handler.handle(async_stack.receive(earlier_tries=tries), MIN_SECONDS_LEFT - 1)
    assert [tries for tries, _ in postponements] == [0] * (2 * MAX_ATTEMPTS + 1)

    with monkeypatch.context() as patch:
        patch.setattr(Exporter, "export", fail)
        with pytest.raises(RetryLaterError, match=f"try 1 of {MAX_ATTEMPTS}"):
            handler.handle(async_stack.receive(), LEASE)
    exported = handler.handle(async_stack.receive(event, attempt=2), LEASE)

    assert exported is not None
    assert exported.is_new
    assert async_stack.dead_letters() == []
    assert async_stack.stored_failures() == []


def test_tries_before_a_wait_still_count(async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Exporter, "export", fail)
    event = export_requested(export_body(), "event-1")

    async_stack.message_handler.handle(async_stack.receive(event, earlier_tries=MAX_ATTEMPTS - 1), LEASE)

    ((_, reason),) = async_stack.dead_letters()
    assert reason == "ServiceUnavailableError: ServiceUnavailable"


def fail(*_: object) -> None:
    raise ServiceUnavailableError("s3")


def test_an_export_that_takes_too_long_leaves_nothing(async_stack: AsyncStack) -> None:
    async_stack.clock.tick = LEASE

    with pytest.raises(RetryLaterError) as raised:
        deliver(async_stack, export_requested(export_body()))

    assert str(raised.value.__cause__) == "ExportTakesTooLong"
    assert async_stack.world.package_statuses() == {}
    assert async_stack.world.objects() == []
    assert async_stack.world.uploads() == []


def test_a_result_is_written_beside_an_inbox_document(async_stack: AsyncStack) -> None:
    notification = async_stack.upload_document("requests/a/suite.json", json.dumps(export_body()).encode())

    record = deliver(async_stack, notification).record
    assert deliver(async_stack, notification).is_new is False

    response = async_stack.read_result("requests/a/suite.json")
    assert response["packageId"] == record.description.package_id
    assert response["manifest"]["installOrder"] == ["rule", "proc"]
    assert record.exported_by.endswith("/requests/a/suite.json")


def test_a_newer_document_under_the_same_key_is_a_new_request(async_stack: AsyncStack) -> None:
    first = async_stack.upload_document("requests/suite.json", json.dumps(export_body()).encode())
    second = async_stack.upload_document("requests/suite.json", json.dumps(export_body(version="2.0.0")).encode())

    versions = [deliver(async_stack, notification).record.description.version for notification in (first, second)]

    assert versions == ["1.0.0", "2.0.0"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no json", "InvalidRequest"),
        (b"", "InvalidRequest"),
        (json.dumps(export_body("Suite", "gone")).encode(), "ArtifactNotFound"),
        (b" " * (2 * 1024 * 1024 + 1), "RequestTooLarge"),
    ],
)
def test_a_refused_inbox_document_gets_the_reasons(async_stack: AsyncStack, content: bytes, code: str) -> None:
    notification = async_stack.upload_document("requests/suite.json", content)

    assert deliver(async_stack, notification) is None
    assert deliver(async_stack, notification) is None

    response = async_stack.read_result("requests/suite.json")
    assert (response["isSuccess"], response["errorCode"]) == (False, code)
    (failure,) = async_stack.stored_failures()
    assert failure["errors"] == response["errors"]


def test_a_deleted_document_is_moved_to_the_dead_letter_queue(async_stack: AsyncStack) -> None:
    notification = inbox_notification(async_stack.world.name("InboxBucket"), "requests/never.json", None)

    assert deliver(async_stack, notification) is None

    assert "requests/never.json" in async_stack.dead_letters()[0][1]


def test_a_deleted_document_is_dead_lettered_even_if_s3_reports_access_denied(
    async_stack: AsyncStack, wire: Wire
) -> None:
    """S3 does so for missing objects if the caller may not list the bucket."""
    wire.fault = AccessDenied("GetObject-1")
    notification = inbox_notification(async_stack.world.name("InboxBucket"), "requests/never.json", "version-1")

    assert deliver(async_stack, notification) is None

    assert "requests/never.json" in async_stack.dead_letters()[0][1]
