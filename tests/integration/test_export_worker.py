"""Requests by events: done once, refused once, tried again where that helps, and never in each other's way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from installhub.events.message_handler import MIN_SECONDS_LEFT, RetryLaterError
from installhub.exports.exporter import Exporter
from installhub.exports.queue import ExportQueue
from installhub.model.errors import ServiceUnavailableError
from tests.integration.support.artifact_inputs import TENANT, artifact_input
from tests.integration.support.background import (
    SOURCE,
    TRIES,
    AsyncStack,
    Killed,
    export_body,
    export_requested,
    inbox_notification,
    killed,
)
from tests.integration.support.wire import Refusal, Wire

if TYPE_CHECKING:
    from tests.integration.support.world import World

LEASE = 900


@pytest.fixture
def background(world: World) -> AsyncStack:
    world.publish(artifact_input("proc", "rule", kind="ProcessDefinition"), artifact_input("rule"))
    return AsyncStack(world)


def deliver(background: AsyncStack, text: str, *, tries: int = 1, seconds: float = LEASE) -> Any:  # noqa: ANN401
    return background.message_handler.handle(background.receive(text, tries=tries), seconds)


def waits_of(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """For how long messages are hidden."""
    waits: list[int] = []
    hide = ExportQueue.change_visibility

    def noted(queue: ExportQueue, receipt_handle: str, seconds: int) -> None:
        waits.append(seconds)
        hide(queue, receipt_handle, seconds)

    monkeypatch.setattr(ExportQueue, "change_visibility", noted)
    return waits


def test_the_same_event_ten_times_creates_one_package(background: AsyncStack) -> None:
    event = export_requested(export_body(), "event-1")

    made = [deliver(background, event) for _ in range(10)]

    assert [exported.is_new for exported in made] == [True] + [False] * 9
    assert len({exported.record.bundle_key for exported in made}) == 1
    assert len(background.world.objects()) == 1
    assert background.failures_stored() == []


def test_the_audit_trail_says_which_source_asked(background: AsyncStack) -> None:
    record = deliver(background, export_requested(export_body(), "event-1")).record

    assert record.exported_by == f"event:{SOURCE}"
    assert record.request_id == f"event:{SOURCE}/event-1"


def test_a_request_that_crashed_after_its_commit_finds_its_own_package(background: AsyncStack) -> None:
    event = export_requested(export_body(), "event-1")
    # claim and commit are the two updates; the process dies when the second is done
    with killed(background.world.dynamodb, "UpdateItem", nth=2), pytest.raises(Killed):
        deliver(background, event)
    background.world.publish(artifact_input("rule", status="draft"))  # what could be exported then cannot be now

    exported = deliver(background, event)

    assert not exported.is_new
    assert exported.manifest["installOrder"] == ["rule", "proc"]
    assert background.failures_stored() == []


def test_a_request_that_crashed_before_its_commit_is_processed_after_its_lease(
    background: AsyncStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = export_requested(export_body(), "event-1")
    with killed(background.world.dynamodb, "UpdateItem", after=False, nth=2), pytest.raises(Killed):
        deliver(background, event)
    waits = waits_of(monkeypatch)

    with pytest.raises(RetryLaterError):
        deliver(background, event, tries=TRIES)
    assert LEASE + 5 < waits[-1] <= LEASE + 30, "not before the first try must be over"
    assert background.dead_letters() == []

    background.clock.now += LEASE + 6
    assert deliver(background, event).is_new
    assert len(background.world.objects()) == 1


def test_a_version_held_by_another_request_is_a_conflict(background: AsyncStack) -> None:
    deliver(background, export_requested(export_body()))

    assert deliver(background, export_requested(export_body(), "event-2")) is None

    (failure,) = background.failures_stored()
    assert [error["errorCode"] for error in failure["errors"]] == ["VersionConflict"]
    assert failure["request"] == f"event:{SOURCE}/event-2"


def test_a_refusal_has_every_reason_and_does_not_change(background: AsyncStack) -> None:
    event = export_requested(export_body("Suite", "proc", "gone", "lost"), "event-1")

    assert deliver(background, event) is None
    background.world.publish(artifact_input("gone"), artifact_input("lost"))
    background.clock.now += 60
    assert deliver(background, event) is None

    (failure,) = background.failures_stored()
    assert [error["artifactId"] for error in failure["errors"]] == ["gone", "lost"]
    assert failure["tenantId"] == TENANT
    assert failure["packageName"] == "Suite"
    assert failure["failedAt"] == "2026-05-28T20:26:40Z", "the first time"
    assert background.world.package_statuses() == {}


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
def test_an_invalid_request_is_refused_as_over_http(background: AsyncStack, detail: object, codes: set[str]) -> None:
    assert deliver(background, export_requested(detail)) is None

    (failure,) = background.failures_stored()
    assert {error["errorCode"] for error in failure["errors"]} == codes
    assert all("pointer" in error for error in failure["errors"])
    assert background.dead_letters() == []


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
def test_an_unreadable_message_is_dead_lettered_at_once_with_its_reason(background: AsyncStack, text: str) -> None:
    assert deliver(background, text) is None

    ((buried, reason),) = background.dead_letters()
    assert buried == text
    assert reason
    assert background.failures_stored() == []


def test_a_failing_message_is_retried_and_finally_dead_lettered(
    background: AsyncStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = export_requested(export_body(), "event-1")

    def fails(*_: object) -> None:
        raise ServiceUnavailableError("dynamodb")

    waits = waits_of(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(Exporter, "export", fails)
        for tries in range(1, TRIES):
            with pytest.raises(RetryLaterError):
                deliver(background, event, tries=tries)
        assert waits[1::2] == [15, 30, 60], "each time later"
        assert background.failures_stored() == []

        assert deliver(background, event, tries=TRIES) is None

    (failure,) = background.failures_stored()
    assert failure["errors"][0]["errorCode"] == "ServiceUnavailable"
    ((buried, reason),) = background.dead_letters()
    assert json.loads(buried)["id"] == "event-1"
    assert reason == "ServiceUnavailableError: ServiceUnavailable"

    assert deliver(background, buried).is_new, "redriven, it is done"


def test_a_bug_is_reported_without_its_text_and_dead_lettered_with_it(
    background: AsyncStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError("secret\x00")

    monkeypatch.setattr(Exporter, "export", breaks)

    assert deliver(background, export_requested(export_body()), tries=TRIES) is None

    (failure,) = background.failures_stored()
    assert failure["errors"][0]["errorCode"] == "InternalError"
    assert "secret" not in json.dumps(failure)
    assert background.dead_letters()[0][1] == "ZeroDivisionError: secret"


def test_no_job_is_started_without_enough_time(background: AsyncStack) -> None:
    with pytest.raises(RetryLaterError):
        deliver(background, export_requested(export_body()), seconds=MIN_SECONDS_LEFT - 1)

    assert background.world.package_statuses() == {}


def test_an_export_that_takes_too_long_leaves_nothing(background: AsyncStack) -> None:
    background.clock.tick = LEASE

    with pytest.raises(RetryLaterError) as raised:
        deliver(background, export_requested(export_body()))

    assert str(raised.value.__cause__) == "ExportTakesTooLong"
    assert background.world.package_statuses() == {}
    assert background.world.objects() == []
    assert background.world.uploads() == []


def test_a_result_is_written_beside_an_inbox_document(background: AsyncStack) -> None:
    notice = background.upload_document("requests/a/suite.json", json.dumps(export_body()).encode())

    record = deliver(background, notice).record
    assert deliver(background, notice).is_new is False

    answer = background.read_result("requests/a/suite.json")
    assert answer["packageId"] == record.description.package_id
    assert answer["manifest"]["installOrder"] == ["rule", "proc"]
    assert record.exported_by.endswith("/requests/a/suite.json")


def test_a_newer_document_under_the_same_key_is_a_new_request(background: AsyncStack) -> None:
    first = background.upload_document("requests/suite.json", json.dumps(export_body()).encode())
    second = background.upload_document("requests/suite.json", json.dumps(export_body(version="2.0.0")).encode())

    versions = [deliver(background, notice).record.description.version for notice in (first, second)]

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
def test_a_refused_inbox_document_gets_the_reasons(background: AsyncStack, content: bytes, code: str) -> None:
    notice = background.upload_document("requests/suite.json", content)

    assert deliver(background, notice) is None
    assert deliver(background, notice) is None

    answer = background.read_result("requests/suite.json")
    assert (answer["isSuccess"], answer["errorCode"]) == (False, code)
    (failure,) = background.failures_stored()
    assert failure["errors"] == answer["errors"]


def test_a_deleted_document_is_moved_to_the_dead_letter_queue(background: AsyncStack) -> None:
    notice = inbox_notification(background.world.name("InboxBucket"), "requests/never.json", None)

    assert deliver(background, notice) is None

    assert "requests/never.json" in background.dead_letters()[0][1]


def test_a_deleted_document_is_dead_lettered_even_if_s3_reports_access_denied(
    background: AsyncStack, wire: Wire
) -> None:
    """So it does for an object that is not there, to whoever may not list the bucket."""
    wire.fault = Refusal("GetObject-1")
    notice = inbox_notification(background.world.name("InboxBucket"), "requests/never.json", "version-1")

    assert deliver(background, notice) is None

    assert "requests/never.json" in background.dead_letters()[0][1]
