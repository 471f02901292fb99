"""The life of a pending export in the packages table, from being queued to its package or its failure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from installhub.model.errors import VersionHeldError
from installhub.packages.cleanup import discard_claim
from installhub.packages.pending_exports import FAILURE_RETENTION_SECONDS, PendingExport, PendingExportStore
from installhub.packages.records import AcceptedExport, Claim, PackageStatus
from tests.builders import record
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT
from tests.integration.support.wire import ConcurrentAction, Wire
from tests.integration.support.world import World

NOW = 1_800_000_000
LEASE = NOW + 600
PACKAGE = record().description.package_id
ACCEPTED = AcceptedExport(TENANT, "Größe", "1.0.0", "user-1", "2026-11-27T00:00:00Z", NOW + 3600)
ERRORS = [{"errorCode": "ArtifactNotFound", "detail": "why"}]


@pytest.fixture
def pending(world: World) -> PendingExportStore:
    return PendingExportStore(world.dynamodb, world.name("PackagesTable"))


def enqueue(pending: PendingExportStore, request: str = "http:1", now: int = NOW, lease_until: int = LEASE) -> bool:
    return pending.enqueue(PACKAGE, request, ACCEPTED, now=now, lease_until=lease_until)


def status_of(pending: PendingExportStore, now: int = NOW) -> PackageStatus:
    found = pending.get(PACKAGE, now)
    assert isinstance(found, PendingExport)
    return found.status


def progress_of(pending: PendingExportStore) -> tuple[PackageStatus, int, int | None]:
    found = pending.get(PACKAGE, NOW)
    assert isinstance(found, PendingExport)
    return found.status, found.written, found.total


def start(world: World, attempt: str = "attempt-1", lease_until: int = LEASE) -> Claim:
    """Start the export of a queued request, like the worker."""
    return world.packages().claim(
        *(PACKAGE, attempt, f"bundles/{PACKAGE}/{attempt}.zip"),
        now=NOW,
        lease_until=lease_until,
        request_id="http:1",
        accepted=ACCEPTED,
        total=7,
    )


def test_a_queued_export_is_found_with_everything_that_was_accepted(pending: PendingExportStore) -> None:
    assert enqueue(pending) is True

    expected = PendingExport(PACKAGE, "http:1", ACCEPTED, PackageStatus.QUEUED)
    assert pending.get(PACKAGE, NOW) == expected
    assert pending.get_for_tenants(PACKAGE, [OTHER_TENANT, TENANT], NOW) == expected
    assert expected.tenant == TENANT


def test_another_tenant_does_not_find_it(pending: PendingExportStore) -> None:
    enqueue(pending)

    assert pending.get_for_tenants(PACKAGE, [OTHER_TENANT], NOW) is None
    assert pending.get_for_tenants(PACKAGE, [], NOW) is None


def test_an_unknown_package_is_none(pending: PendingExportStore) -> None:
    assert pending.get(PACKAGE, NOW) is None


def test_the_same_request_is_queued_once(pending: PendingExportStore) -> None:
    assert [enqueue(pending), enqueue(pending)] == [True, False]


def test_a_version_that_another_request_holds_is_refused_with_its_lease(pending: PendingExportStore) -> None:
    enqueue(pending)

    for now in (NOW, LEASE):
        with pytest.raises(VersionHeldError) as held:
            enqueue(pending, "http:2", now=now)
        assert (held.value.request_id, held.value.held_until) == ("http:1", LEASE)


def test_a_queued_request_whose_lease_ended_is_replaced(pending: PendingExportStore) -> None:
    enqueue(pending)

    assert enqueue(pending, "http:2", now=LEASE + 1, lease_until=LEASE + 900) is True
    found = pending.get(PACKAGE, LEASE + 1)
    assert isinstance(found, PendingExport)
    assert found.request_id == "http:2"


def test_an_attempt_is_not_replaced_even_if_its_lease_ended(pending: PendingExportStore, world: World) -> None:
    enqueue(pending)
    start(world)

    with pytest.raises(VersionHeldError):
        enqueue(pending, "http:2", now=LEASE + 1)


def test_a_started_export_reports_its_progress(pending: PendingExportStore, world: World) -> None:
    enqueue(pending)
    claim = start(world)
    assert progress_of(pending) == (PackageStatus.EXPORTING, 0, 7)

    world.packages().report_progress(claim, 5)

    assert progress_of(pending) == (PackageStatus.EXPORTING, 5, 7)


def test_an_attempt_that_no_longer_holds_the_claim_reports_nothing(pending: PendingExportStore, world: World) -> None:
    enqueue(pending)
    claim = start(world)

    world.packages().report_progress(replace(claim, attempt_id="attempt-0"), 5)

    assert progress_of(pending) == (PackageStatus.EXPORTING, 0, 7)


def test_a_discarded_attempt_leaves_its_request_as_it_was_accepted(pending: PendingExportStore, world: World) -> None:
    enqueue(pending)
    claim = start(world)
    world.packages().report_progress(claim, 5)

    assert discard_claim(world.packages(), world.bundles(), claim)

    assert progress_of(pending) == (PackageStatus.QUEUED, 0, None)
    assert list(pending.expired(ACCEPTED.expires_at)) == []
    (expired,) = pending.expired(ACCEPTED.expires_at + 1)
    assert expired.accepted == ACCEPTED
    assert start(world, attempt="attempt-2").object_keys == (f"bundles/{PACKAGE}/attempt-2.zip",)


def test_an_export_whose_attempt_crashed_is_queued_again(pending: PendingExportStore, world: World) -> None:
    enqueue(pending)
    start(world)

    assert status_of(pending, LEASE) is PackageStatus.EXPORTING
    assert status_of(pending, LEASE + 1) is PackageStatus.QUEUED


def test_a_lease_is_extended_while_the_request_waits(pending: PendingExportStore, world: World) -> None:
    enqueue(pending)
    pending.extend_lease(PACKAGE, "http:1", LEASE + 50)
    pending.extend_lease(PACKAGE, "http:2", LEASE + 99)
    with pytest.raises(VersionHeldError) as held:
        enqueue(pending, "http:3")
    assert held.value.held_until == LEASE + 50

    start(world, lease_until=LEASE)
    pending.extend_lease(PACKAGE, "http:1", LEASE + 99)

    assert status_of(pending, LEASE + 1) is PackageStatus.QUEUED, "the attempt's lease was not extended"


def test_a_request_that_was_never_sent_is_canceled_by_itself_only(pending: PendingExportStore) -> None:
    enqueue(pending)

    pending.cancel(PACKAGE, "http:2")
    assert status_of(pending) is PackageStatus.QUEUED
    pending.cancel(PACKAGE, "http:1")
    assert pending.get(PACKAGE, NOW) is None


def test_a_started_export_cannot_be_canceled_or_failed(pending: PendingExportStore, world: World) -> None:
    enqueue(pending)
    start(world)

    pending.cancel(PACKAGE, "http:1")
    pending.fail(PACKAGE, "http:1", ERRORS, now=NOW)

    assert status_of(pending) is PackageStatus.EXPORTING


def test_a_failed_export_keeps_its_errors_and_frees_the_version(pending: PendingExportStore) -> None:
    enqueue(pending)
    pending.fail(PACKAGE, "http:2", [], now=NOW)
    assert status_of(pending) is PackageStatus.QUEUED, "another request"

    pending.fail(PACKAGE, "http:1", ERRORS, now=NOW)

    found = pending.get(PACKAGE, NOW)
    assert isinstance(found, PendingExport)
    assert (found.status, found.errors) == (PackageStatus.FAILED, tuple(ERRORS))
    assert enqueue(pending, "http:2") is True
    again = pending.get(PACKAGE, NOW)
    assert isinstance(again, PendingExport)
    assert (again.status, again.errors) == (PackageStatus.QUEUED, ())


def test_a_failure_is_deleted_after_30_days(pending: PendingExportStore) -> None:
    enqueue(pending)
    pending.fail(PACKAGE, "http:1", ERRORS, now=NOW)
    end = NOW + 30 * 24 * 3600
    assert end == NOW + FAILURE_RETENTION_SECONDS

    assert pending.delete_old_failures(end) == 0
    assert status_of(pending, end) is PackageStatus.FAILED
    assert pending.delete_old_failures(end + 1) == 1
    assert pending.get(PACKAGE, end) is None
    assert pending.delete_old_failures(end + 1) == 0


def test_a_version_that_failed_again_in_the_meantime_keeps_the_new_failure(
    pending: PendingExportStore, wire: Wire
) -> None:
    now = NOW + FAILURE_RETENTION_SECONDS + 1
    enqueue(pending)
    pending.fail(PACKAGE, "http:1", ERRORS, now=NOW)

    def fail_again() -> None:
        enqueue(pending, "http:2", now, now + 600)
        pending.fail(PACKAGE, "http:2", [], now=now)

    wire.fault = ConcurrentAction.at("DeleteItem-1", fail_again)

    assert pending.delete_old_failures(now) == 0
    assert status_of(pending, now) is PackageStatus.FAILED


def test_a_request_that_waited_too_long_has_expired(pending: PendingExportStore) -> None:
    enqueue(pending)

    assert list(pending.expired(LEASE)) == []
    (expired,) = pending.expired(LEASE + 1)
    assert (expired.package_id, expired.request_id, expired.status) == (PACKAGE, "http:1", PackageStatus.QUEUED)


def test_the_claim_of_a_synchronous_export_is_invisible(pending: PendingExportStore, world: World) -> None:
    world.packages().claim(
        *(PACKAGE, "attempt-1", f"bundles/{PACKAGE}/attempt-1.zip"), now=NOW, lease_until=LEASE, request_id="key:1"
    )

    assert pending.get(PACKAGE, NOW) is None
    with pytest.raises(VersionHeldError):
        enqueue(pending)
