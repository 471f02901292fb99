"""`Prefer: respond-async`: acceptance, progress, success, failure and clean-up of asynchronous exports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from installhub.contract.response_bodies import pending_body
from installhub.exports.async_exports import MAX_QUEUED_SECONDS, AsyncExports
from installhub.model.errors import InstallHubError, ServiceUnavailableError, VersionHeldError
from installhub.packages.lookup import find_package, find_package_or_pending
from installhub.packages.pending_exports import FAILURE_RETENTION_SECONDS, PendingExport
from installhub.packages.records import PackageRecord, PackageStatus
from installhub.resolver.plan import Limits
from installhub.runtime.message_queue import MAX_MESSAGE_BYTES, MessageQueue
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input
from tests.integration.support.async_stack import MAX_ATTEMPTS, NOW, AsyncStack, Killed, killed

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

    from tests.integration.support.world import World

LEASE = 900


@pytest.fixture
def async_stack(world: World) -> AsyncStack:
    world.publish(artifact_input("proc", "rule", kind="ProcessDefinition"), artifact_input("rule"))
    return AsyncStack(world)


def pending(async_stack: AsyncStack, package_id: str) -> PendingExport:
    found = async_stack.get(package_id)
    assert isinstance(found, PendingExport)
    return found


def process_next(async_stack: AsyncStack, **options: Any) -> Any:  # noqa: ANN401  # receive's options
    return async_stack.message_handler.handle(async_stack.receive(**options), LEASE)


def deliver(async_stack: AsyncStack, message: SQSRecord) -> Any:  # noqa: ANN401  # what handle returns
    return async_stack.message_handler.handle(message, LEASE)


def stored_attributes(async_stack: AsyncStack) -> set[str]:
    """Return the attribute names of the only item in the packages table."""
    (item,) = async_stack.world.dynamodb.scan(TableName=async_stack.world.name("PackagesTable"))["Items"]
    return set(item)


def test_an_accepted_export_is_processed(async_stack: AsyncStack) -> None:
    accepted = async_stack.accept()
    assert pending_body(pending(async_stack, accepted.package_id)) == pending_body(accepted)
    assert pending_body(accepted)["progress"] == {"done": 0, "total": None}

    exported = process_next(async_stack)

    found = async_stack.get(accepted.package_id)
    assert found == exported.record
    assert exported.record.exported_by == "user-1"
    assert async_stack.stored_failures() == []


def test_no_attribute_of_the_accepted_export_remains_on_the_package(async_stack: AsyncStack) -> None:
    async_stack.accept()
    process_next(async_stack)

    remaining = stored_attributes(async_stack) & {
        "leaseKind",
        "leaseUntil",
        "objects",
        "queuedUntil",
        "done",
        "total",
        "errors",
    }
    assert remaining == set()


def test_an_accepted_export_holds_its_version(async_stack: AsyncStack) -> None:
    async_stack.accept()

    with pytest.raises(VersionHeldError):
        async_stack.accept()
    with pytest.raises(VersionHeldError):
        async_stack.world.exporter().export(async_stack.submission().command, 29)


def test_a_version_that_is_taken_is_refused_at_once(async_stack: AsyncStack) -> None:
    async_stack.world.exporter().export(async_stack.submission().command, 29)

    with pytest.raises(VersionHeldError):
        async_stack.accept()
    assert "Messages" not in async_stack.sqs.receive_message(QueueUrl=async_stack.queue_url)


def test_too_many_roots_are_refused_at_once(async_stack: AsyncStack) -> None:
    submission = async_stack.submission(artifactIds=[str(number) for number in range(Limits().roots + 1)])
    with pytest.raises(InstallHubError, match="PackageTooLarge"):
        async_stack.async_exports.accept(submission.command, "http:1", b"{}", 29)
    assert async_stack.world.package_statuses() == {}


def test_a_request_too_large_for_the_queue_is_refused_and_holds_nothing(async_stack: AsyncStack) -> None:
    with pytest.raises(InstallHubError, match="RequestTooLarge"):
        async_stack.async_exports.accept(
            async_stack.submission().command, "http:1", json.dumps(" " * MAX_MESSAGE_BYTES).encode(), 29
        )
    assert async_stack.world.package_statuses() == {}


def test_progress_is_reported_about_once_a_second(async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = [f"leaf-{number:03}" for number in range(300)]
    async_stack.world.publish(*map(artifact_input, leaves), artifact_input("root", *leaves, kind="ProcessDefinition"))
    accepted = async_stack.accept(artifactIds=["root"])
    message = async_stack.receive()
    progress: list[tuple[str, int, int | None]] = []
    report = type(async_stack.world.packages()).report_progress

    def report_and_record(*arguments: Any) -> None:  # noqa: ANN401  # report_progress's arguments
        report(*arguments)
        current = pending(async_stack, accepted.package_id)
        progress.append((current.status.value, current.written, current.total))

    monkeypatch.setattr(type(async_stack.world.packages()), "report_progress", report_and_record)
    async_stack.clock.tick = 0.1  # the clock is read for every artifact
    deliver(async_stack, message)

    assert 20 <= len(progress) <= 40
    assert [done for _, done, _ in progress] == sorted({done for _, done, _ in progress})
    assert {(status, total) for status, _, total in progress} == {("exporting", 301)}
    assert isinstance(async_stack.get(accepted.package_id), PackageRecord)


def test_a_failed_async_export_reports_why_and_holds_no_version(async_stack: AsyncStack) -> None:
    accepted = async_stack.accept(artifactIds=["proc", "gone"])

    assert process_next(async_stack) is None

    body = pending_body(pending(async_stack, accepted.package_id))
    assert (body["status"], body["isSuccess"], body["errorCode"]) == ("failed", False, "ArtifactNotFound")
    assert body["errors"][0]["artifactId"] == "gone"
    assert "progress" not in body
    (failure,) = async_stack.stored_failures()
    assert failure["errors"] == body["errors"]

    again = async_stack.accept()
    assert pending(async_stack, again.package_id).status is PackageStatus.QUEUED
    assert process_next(async_stack).is_new
    assert "errors" not in stored_attributes(async_stack)


def test_a_repeated_message_after_a_refusal_changes_nothing(async_stack: AsyncStack) -> None:
    accepted = async_stack.accept(artifactIds=["gone"])
    message = async_stack.receive()
    deliver(async_stack, message)
    async_stack.world.publish(artifact_input("gone", kind="ProcessDefinition"))

    assert deliver(async_stack, message) is None

    assert pending(async_stack, accepted.package_id).status is PackageStatus.FAILED


def test_other_tenants_see_nothing_and_an_accepted_export_cannot_be_downloaded(async_stack: AsyncStack) -> None:
    accepted = async_stack.accept()

    def find_for(tenant: str) -> object:
        return find_package_or_pending(async_stack.pending, accepted.package_id, [tenant], NOW)

    assert find_for(TENANT) == accepted
    with pytest.raises(InstallHubError, match="PackageNotFound"):
        find_for(OTHER_TENANT)
    with pytest.raises(InstallHubError, match="PackageNotFound"):
        find_package(async_stack.world.packages(), accepted.package_id, [TENANT])


def test_a_synchronous_export_is_invisible_until_it_is_complete(async_stack: AsyncStack) -> None:
    with killed(async_stack.world.dynamodb, "UpdateItem", after=False, nth=2), pytest.raises(Killed):
        async_stack.world.exporter().export(async_stack.submission().command, 29)

    (package_id,) = async_stack.world.package_statuses()
    assert async_stack.get(package_id) is None


def test_an_export_that_cannot_be_queued_is_not_accepted(
    async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ServiceUnavailableError("sqs")

    with monkeypatch.context() as patch:
        patch.setattr(MessageQueue, "send", fail)
        with pytest.raises(ServiceUnavailableError):
            async_stack.accept()

    assert async_stack.world.package_statuses() == {}
    async_stack.accept()


def test_a_crash_before_sending_blocks_the_version_for_seconds_only(async_stack: AsyncStack) -> None:
    with killed(async_stack.world.dynamodb, "UpdateItem"), pytest.raises(Killed):
        async_stack.accept()

    async_stack.clock.now += 29 + 5
    with pytest.raises(VersionHeldError):
        async_stack.accept()
    async_stack.clock.now += 1
    async_stack.accept()


def test_a_message_of_a_cancelled_export_does_nothing(async_stack: AsyncStack) -> None:
    accepted = async_stack.accept()
    async_stack.pending.cancel(accepted.package_id, accepted.request_id)

    assert process_next(async_stack) is None

    assert async_stack.world.package_statuses() == {}


def test_an_accepted_export_survives_a_crashed_worker(async_stack: AsyncStack) -> None:
    accepted = async_stack.accept()
    message = async_stack.receive()
    with killed(async_stack.world.dynamodb, "UpdateItem", after=False, nth=2), pytest.raises(Killed):
        deliver(async_stack, message)
    assert pending(async_stack, accepted.package_id).status is PackageStatus.EXPORTING
    assert len(async_stack.world.objects()) == 1

    async_stack.clock.now += LEASE + 6
    assert pending(async_stack, accepted.package_id).status is PackageStatus.QUEUED, "it will be retried"
    assert async_stack.world.sweeper().sweep() == 1
    assert async_stack.world.objects() == []
    assert pending(async_stack, accepted.package_id).status is PackageStatus.QUEUED
    assert async_stack.expired_requests.fail_all() == 0

    assert deliver(async_stack, message).is_new
    assert len(async_stack.world.objects()) == 1


def test_an_accepted_export_survives_a_failed_attempt(async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = async_stack.accept()
    message = async_stack.receive()
    async_stack.clock.tick = LEASE
    with pytest.raises(Exception, match="try 1"):
        deliver(async_stack, message)
    async_stack.clock.tick = 0

    assert async_stack.world.objects() == []
    assert pending(async_stack, accepted.package_id).status is PackageStatus.QUEUED
    assert deliver(async_stack, message).is_new
    monkeypatch.undo()


def test_an_accepted_export_that_always_fails_ends_as_failed_and_can_be_redriven(async_stack: AsyncStack) -> None:
    accepted = async_stack.accept()
    async_stack.clock.tick = LEASE
    assert async_stack.message_handler.handle(async_stack.receive(attempt=MAX_ATTEMPTS), LEASE) is None
    async_stack.clock.tick = 0

    found = pending(async_stack, accepted.package_id)
    assert (found.status, found.errors[0]["errorCode"]) == (PackageStatus.FAILED, "ExportTakesTooLong")

    ((message, _),) = async_stack.dead_letters()
    assert process_next(async_stack, text=message).is_new
    assert isinstance(async_stack.get(accepted.package_id), PackageRecord)


def test_an_accepted_export_lost_by_the_queue_fails_eventually(async_stack: AsyncStack) -> None:
    accepted = async_stack.accept()
    async_stack.clock.now += MAX_QUEUED_SECONDS
    assert async_stack.expired_requests.fail_all() == 0

    async_stack.clock.now += 1
    assert async_stack.expired_requests.fail_all() == 1
    assert async_stack.expired_requests.fail_all() == 0

    assert pending(async_stack, accepted.package_id).errors[0]["errorCode"] == "ServiceUnavailable"
    (failure,) = async_stack.stored_failures()
    assert (failure["request"], failure["requestedBy"]) == (accepted.request_id, "user-1")


def test_failures_are_deleted_after_a_month_and_packages_never(async_stack: AsyncStack) -> None:
    async_stack.accept(artifactIds=["gone"])
    process_next(async_stack)
    kept = async_stack.accept(version="2.0.0")
    process_next(async_stack)

    async_stack.clock.now += FAILURE_RETENTION_SECONDS + 1
    async_stack.expired_requests.fail_all()

    assert async_stack.world.package_statuses() == {kept.package_id: "exported"}


def test_leftovers_of_a_crashed_export_are_removed_before_an_export_is_accepted(async_stack: AsyncStack) -> None:
    with killed(async_stack.world.dynamodb, "UpdateItem", after=False, nth=2), pytest.raises(Killed):
        async_stack.world.exporter().export(async_stack.submission().command, 29)
    assert len(async_stack.world.objects()) == 1
    with pytest.raises(VersionHeldError):
        async_stack.accept()

    async_stack.clock.now += 29 + 6
    accepted = async_stack.accept()

    assert async_stack.world.objects() == []
    assert pending(async_stack, accepted.package_id) == accepted


def test_a_version_freed_of_leftovers_is_free_again_if_the_request_cannot_be_queued(
    async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with killed(async_stack.world.dynamodb, "UpdateItem", after=False, nth=2), pytest.raises(Killed):
        async_stack.world.exporter().export(async_stack.submission().command, 29)
    async_stack.clock.now += 29 + 6

    def fail(*_: object) -> None:
        raise ServiceUnavailableError("sqs")

    monkeypatch.setattr(MessageQueue, "send", fail)
    with pytest.raises(ServiceUnavailableError):
        async_stack.accept()

    assert async_stack.world.package_statuses() == {}


def test_a_request_accepted_twice_is_sent_twice_and_exported_once(async_stack: AsyncStack) -> None:
    submission = async_stack.submission()
    acceptor: AsyncExports = async_stack.async_exports
    for _ in range(2):
        acceptor.accept(submission.command, "key:1", json.dumps(submission.document).encode(), 29)

    messages = [async_stack.receive()]
    messages.append(messages[0])
    assert [deliver(async_stack, message).is_new for message in messages] == [True, False]
