"""`Prefer: respond-async`: promised, looked at on the way, and kept or given up; nothing stays behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from installhub.contract.bodies import pending_body
from installhub.exports.async_exports import MAX_QUEUED_SECONDS, AsyncExports
from installhub.exports.queue import MAX_MESSAGE_BYTES, ExportQueue
from installhub.model.errors import InstallHubError, ServiceUnavailableError, VersionHeldError
from installhub.packages.lookup import find_package, find_package_or_pending
from installhub.packages.pending_exports import FAILURE_RETENTION_SECONDS, PendingExport
from installhub.packages.records import PackageRecord, PackageStatus
from installhub.resolver.plan import Limits
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input
from tests.integration.support.background import NOW, TRIES, AsyncStack, Killed, killed

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

    from tests.integration.support.world import World

LEASE = 900


@pytest.fixture
def background(world: World) -> AsyncStack:
    world.publish(artifact_input("proc", "rule", kind="ProcessDefinition"), artifact_input("rule"))
    return AsyncStack(world)


def pending(background: AsyncStack, package_id: str) -> PendingExport:
    found = background.get(package_id)
    assert isinstance(found, PendingExport)
    return found


def work(background: AsyncStack, **options: Any) -> Any:  # noqa: ANN401  # what handle takes
    return background.message_handler.handle(background.receive(**options), LEASE)


def deliver(background: AsyncStack, message: SQSRecord) -> Any:  # noqa: ANN401  # what handle returns
    return background.message_handler.handle(message, LEASE)


def held(background: AsyncStack) -> set[str]:
    """The attributes of the only item of the packages table."""
    (item,) = background.world.dynamodb.scan(TableName=background.world.name("PackagesTable"))["Items"]
    return set(item)


def test_an_accepted_export_is_processed(background: AsyncStack) -> None:
    accepted = background.accept()
    assert pending_body(pending(background, accepted.package_id)) == pending_body(accepted)
    assert pending_body(accepted)["progress"] == {"done": 0, "total": None}

    exported = work(background)

    found = background.get(accepted.package_id)
    assert found == exported.record
    assert exported.record.exported_by == "user-1"
    assert background.failures_stored() == []


def test_no_attribute_of_the_accepted_export_remains_on_the_package(background: AsyncStack) -> None:
    background.accept()
    work(background)

    left = held(background) & {"leaseKind", "leaseUntil", "objects", "queuedUntil", "done", "total", "errors"}
    assert left == set()


def test_an_accepted_export_holds_its_version(background: AsyncStack) -> None:
    background.accept()

    with pytest.raises(VersionHeldError):
        background.accept()
    with pytest.raises(VersionHeldError):
        background.world.exporter().export(background.submission().command, 29)


def test_a_version_that_is_taken_is_refused_at_once(background: AsyncStack) -> None:
    background.world.exporter().export(background.submission().command, 29)

    with pytest.raises(VersionHeldError):
        background.accept()
    assert "Messages" not in background.sqs.receive_message(QueueUrl=background.queue_url)


def test_too_many_roots_are_refused_at_once(background: AsyncStack) -> None:
    asked = background.submission(artifactIds=[str(number) for number in range(Limits().roots + 1)])
    with pytest.raises(InstallHubError, match="PackageTooLarge"):
        background.async_exports.accept(asked.command, "http:1", b"{}", 29)
    assert background.world.package_statuses() == {}


def test_a_request_too_large_for_the_queue_is_refused_and_holds_nothing(background: AsyncStack) -> None:
    with pytest.raises(InstallHubError, match="RequestTooLarge"):
        background.async_exports.accept(
            background.submission().command, "http:1", json.dumps(" " * MAX_MESSAGE_BYTES).encode(), 29
        )
    assert background.world.package_statuses() == {}


def test_progress_is_reported_about_once_a_second(background: AsyncStack, monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = [f"leaf-{number:03}" for number in range(300)]
    background.world.publish(*map(artifact_input, leaves), artifact_input("root", *leaves, kind="ProcessDefinition"))
    accepted = background.accept(artifactIds=["root"])
    message = background.receive()
    told: list[tuple[str, int, int | None]] = []
    report = type(background.world.packages()).report_progress

    def noted(*arguments: Any) -> None:  # noqa: ANN401  # report's
        report(*arguments)
        look = pending(background, accepted.package_id)
        told.append((look.status.value, look.written, look.total))

    monkeypatch.setattr(type(background.world.packages()), "report_progress", noted)
    background.clock.tick = 0.1  # every artifact looks at the clock
    deliver(background, message)

    assert 20 <= len(told) <= 40
    assert [done for _, done, _ in told] == sorted({done for _, done, _ in told})
    assert {(status, total) for status, _, total in told} == {("exporting", 301)}
    assert isinstance(background.get(accepted.package_id), PackageRecord)


def test_a_failed_async_export_reports_why_and_holds_no_version(background: AsyncStack) -> None:
    accepted = background.accept(artifactIds=["proc", "gone"])

    assert work(background) is None

    body = pending_body(pending(background, accepted.package_id))
    assert (body["status"], body["isSuccess"], body["errorCode"]) == ("failed", False, "ArtifactNotFound")
    assert body["errors"][0]["artifactId"] == "gone"
    assert "progress" not in body
    (failure,) = background.failures_stored()
    assert failure["errors"] == body["errors"]

    again = background.accept()
    assert pending(background, again.package_id).status is PackageStatus.QUEUED
    assert work(background).is_new
    assert "errors" not in held(background)


def test_a_repeated_message_after_a_refusal_changes_nothing(background: AsyncStack) -> None:
    accepted = background.accept(artifactIds=["gone"])
    message = background.receive()
    deliver(background, message)
    background.world.publish(artifact_input("gone", kind="ProcessDefinition"))

    assert deliver(background, message) is None

    assert pending(background, accepted.package_id).status is PackageStatus.FAILED


def test_other_tenants_see_nothing_and_an_accepted_export_cannot_be_downloaded(background: AsyncStack) -> None:
    accepted = background.accept()

    def look(tenant: str) -> object:
        return find_package_or_pending(background.pending, accepted.package_id, [tenant], NOW)

    assert look(TENANT) == accepted
    with pytest.raises(InstallHubError, match="PackageNotFound"):
        look(OTHER_TENANT)
    with pytest.raises(InstallHubError, match="PackageNotFound"):
        find_package(background.world.packages(), accepted.package_id, [TENANT])


def test_a_synchronous_export_is_invisible_until_it_is_complete(background: AsyncStack) -> None:
    with killed(background.world.dynamodb, "UpdateItem", after=False, nth=2), pytest.raises(Killed):
        background.world.exporter().export(background.submission().command, 29)

    (package_id,) = background.world.package_statuses()
    assert background.get(package_id) is None


def test_an_export_that_cannot_be_queued_is_not_accepted(
    background: AsyncStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ServiceUnavailableError("sqs")

    with monkeypatch.context() as patch:
        patch.setattr(ExportQueue, "send", fails)
        with pytest.raises(ServiceUnavailableError):
            background.accept()

    assert background.world.package_statuses() == {}
    background.accept()


def test_a_crash_before_sending_blocks_the_version_for_seconds_only(background: AsyncStack) -> None:
    with killed(background.world.dynamodb, "UpdateItem"), pytest.raises(Killed):
        background.accept()

    with pytest.raises(VersionHeldError):
        background.accept()
    background.clock.now += 29 + 6
    background.accept()


def test_a_message_of_a_cancelled_export_does_nothing(background: AsyncStack) -> None:
    accepted = background.accept()
    background.pending.cancel(accepted.package_id, accepted.request_id)

    assert work(background) is None

    assert background.world.package_statuses() == {}


def test_an_accepted_export_survives_a_crashed_worker(background: AsyncStack) -> None:
    accepted = background.accept()
    message = background.receive()
    with killed(background.world.dynamodb, "UpdateItem", after=False, nth=2), pytest.raises(Killed):
        deliver(background, message)
    assert pending(background, accepted.package_id).status is PackageStatus.EXPORTING
    assert len(background.world.objects()) == 1

    background.clock.now += LEASE + 6
    assert pending(background, accepted.package_id).status is PackageStatus.QUEUED, "it will be tried again"
    assert background.world.sweeper().sweep() == 1
    assert background.world.objects() == []
    assert pending(background, accepted.package_id).status is PackageStatus.QUEUED
    assert background.expired_requests.fail_all() == 0

    assert deliver(background, message).is_new
    assert len(background.world.objects()) == 1


def test_an_accepted_export_survives_a_failed_attempt(background: AsyncStack, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = background.accept()
    message = background.receive()
    background.clock.tick = LEASE
    with pytest.raises(Exception, match="try 1"):
        deliver(background, message)
    background.clock.tick = 0

    assert background.world.objects() == []
    assert pending(background, accepted.package_id).status is PackageStatus.QUEUED
    assert deliver(background, message).is_new
    monkeypatch.undo()


def test_an_accepted_export_that_always_fails_ends_as_failed_and_can_be_redriven(background: AsyncStack) -> None:
    accepted = background.accept()
    background.clock.tick = LEASE
    assert background.message_handler.handle(background.receive(tries=TRIES), LEASE) is None
    background.clock.tick = 0

    found = pending(background, accepted.package_id)
    assert (found.status, found.errors[0]["errorCode"]) == (PackageStatus.FAILED, "ExportTakesTooLong")

    ((buried, _),) = background.dead_letters()
    assert work(background, text=buried).is_new
    assert isinstance(background.get(accepted.package_id), PackageRecord)


def test_an_accepted_export_lost_by_the_queue_fails_in_the_end(background: AsyncStack) -> None:
    accepted = background.accept()
    background.clock.now += MAX_QUEUED_SECONDS
    assert background.expired_requests.fail_all() == 0

    background.clock.now += 1
    assert background.expired_requests.fail_all() == 1
    assert background.expired_requests.fail_all() == 0

    assert pending(background, accepted.package_id).errors[0]["errorCode"] == "ServiceUnavailable"
    (failure,) = background.failures_stored()
    assert (failure["request"], failure["requestedBy"]) == (accepted.request_id, "user-1")


def test_failures_are_deleted_after_a_month_and_packages_never(background: AsyncStack) -> None:
    background.accept(artifactIds=["gone"])
    work(background)
    kept = background.accept(version="2.0.0")
    work(background)

    background.clock.now += FAILURE_RETENTION_SECONDS + 1
    background.expired_requests.fail_all()

    assert background.world.package_statuses() == {kept.package_id: "exported"}


def test_leftovers_of_a_crashed_export_are_removed_before_an_export_is_accepted(background: AsyncStack) -> None:
    with killed(background.world.dynamodb, "UpdateItem", after=False, nth=2), pytest.raises(Killed):
        background.world.exporter().export(background.submission().command, 29)
    assert len(background.world.objects()) == 1
    with pytest.raises(VersionHeldError):
        background.accept()

    background.clock.now += 29 + 6
    background.accept()

    assert background.world.objects() == []


def test_a_request_accepted_twice_is_sent_twice_and_exported_once(background: AsyncStack) -> None:
    asked = background.submission()
    acceptor: AsyncExports = background.async_exports
    for _ in range(2):
        acceptor.accept(asked.command, "key:1", json.dumps(asked.document).encode(), 29)

    messages = [background.receive()]
    messages.append(messages[0])
    assert [deliver(background, message).is_new for message in messages] == [True, False]
