"""Claims and commits: one attempt per version succeeds, and only complete packages are visible."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from installhub.bundler.layout import BundleLayout
from installhub.model.artifact import PackageType
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.package import PackageDescription
from installhub.packages.cleanup import discard_claim
from installhub.packages.records import PackageRecord
from installhub.packages.store import PackageStore
from tests.integration.support.artifact_inputs import TENANT

if TYPE_CHECKING:
    from installhub.packages.records import Claim
    from tests.integration.support.world import World

PACKAGE: Final = "pkg-a3f9c821-4b2e-59d1-bc44-f7e2a1c09d33"
NOW: Final = 1_780_000_000
LEASE_ENDS: Final = NOW + 34


@pytest.fixture
def packages(world: World) -> PackageStore:
    return world.packages()


def claim(packages: PackageStore, attempt: str, now: int = NOW) -> Claim:
    return packages.claim(PACKAGE, attempt, f"bundles/{attempt}.zip", now=now, lease_until=now + 34)


def is_refused(packages: PackageStore, attempt: str, now: int = NOW) -> bool:
    try:
        claim(packages, attempt, now)
    except InstallHubError as refusal:
        return refusal.code is ErrorCode.VERSION_CONFLICT
    return False


def record_of(claim: Claim) -> PackageRecord:
    return PackageRecord(
        description=PackageDescription(
            package_id=claim.package_id,
            name="Überstunden / 残業",
            version="2.1.0-rc.1+build.5",
            package_type=PackageType.CONFIG,
            description="",
            author=None,
            tags=("b", "a", ""),
        ),
        tenant=TENANT,
        checksum="sha256:" + "0" * 64,
        bundle_key=f"bundles/{claim.attempt_id}.zip",
        layout=BundleLayout(size=6 * 10**9, manifest_offset=43, manifest_packed_size=300, manifest_size=900),
        artifact_count=50_000,
        exported_at="2026-05-25T09:00:00Z",
        exported_by="somebody",
    )


def test_a_committed_package_is_found_as_it_was_recorded(packages: PackageStore) -> None:
    first = claim(packages, "first")

    assert packages.commit(first, record_of(first))

    assert packages.find(PACKAGE) == record_of(first)


def test_a_package_with_required_fields_only_is_found_too(packages: PackageStore) -> None:
    first = claim(packages, "first")
    description = replace(record_of(first).description, description=None, author="Me", tags=())
    record = replace(record_of(first), description=description)

    assert packages.commit(first, record)

    assert packages.find(PACKAGE) == record


def test_only_committed_packages_are_found(packages: PackageStore) -> None:
    assert packages.find(PACKAGE) is None
    first = claim(packages, "first")
    assert packages.find(PACKAGE) is None
    packages.abandon(first)
    assert packages.find(PACKAGE) is None
    packages.delete_claim(first)
    assert packages.find(PACKAGE) is None


@pytest.mark.parametrize("others", [0, 1, 99, 100, 250, 2_000])
def test_a_package_is_found_for_its_tenant_among_any_number_and_for_no_other(
    packages: PackageStore, others: int
) -> None:
    tenants = [f"other-{number}" for number in range(others)]
    first = claim(packages, "first")
    record = record_of(first)
    assert packages.find_for_tenants(PACKAGE, [*tenants, record.tenant]) is None

    assert packages.commit(first, record)

    assert packages.find_for_tenants(PACKAGE, [*tenants, record.tenant]) == record
    assert packages.find_for_tenants(PACKAGE, tenants) is None
    assert packages.find_for_tenants("pkg-of-nobody", [record.tenant]) is None


def test_of_two_claimers_one_wins(packages: PackageStore) -> None:
    claim(packages, "first")

    assert packages.is_taken(PACKAGE, NOW)
    assert is_refused(packages, "second")
    assert is_refused(packages, "second", now=LEASE_ENDS)


def test_a_committed_version_is_taken_forever(packages: PackageStore) -> None:
    first = claim(packages, "first")
    packages.commit(first, record_of(first))

    for now in (NOW, LEASE_ENDS + 1, NOW + 10**9):
        assert packages.is_taken(PACKAGE, now)
        assert is_refused(packages, "second", now)
    assert list(packages.expired_claims(NOW + 10**9)) == []


def test_repeating_a_claim_is_harmless(packages: PackageStore) -> None:
    assert claim(packages, "first").attempt_id == claim(packages, "first").attempt_id == "first"

    first = claim(packages, "first")

    assert set(first.object_keys) == {"bundles/first.zip"}
    assert packages.commit(first, record_of(first))


def test_repeating_a_commit_is_harmless(packages: PackageStore) -> None:
    first = claim(packages, "first")

    assert packages.commit(first, record_of(first))
    assert packages.commit(first, record_of(first))

    assert packages.find(PACKAGE) == record_of(first)


def test_a_repeated_claim_after_the_commit_does_not_hide_the_package(packages: PackageStore) -> None:
    """A request that timed out and was retried by the SDK may still arrive late."""
    first = claim(packages, "first")
    packages.commit(first, record_of(first))

    is_refused(packages, "first")

    assert packages.find(PACKAGE) == record_of(first)
    assert list(packages.expired_claims(NOW + 10**9)) == []


def test_an_expired_claim_is_taken_over_with_its_objects(packages: PackageStore) -> None:
    claim(packages, "first")

    taken_over = claim(packages, "second", now=LEASE_ENDS + 1)

    assert taken_over.attempt_id == "second"
    assert taken_over.object_keys == ("bundles/first.zip", "bundles/second.zip")


def test_a_claim_that_was_taken_over_cannot_commit(packages: PackageStore) -> None:
    slow = claim(packages, "first")
    quick = claim(packages, "second", now=LEASE_ENDS + 1)

    assert not packages.commit(slow, record_of(slow))
    assert not packages.abandon(slow)
    packages.delete_claim(slow)

    assert packages.find(PACKAGE) is None
    assert packages.commit(quick, record_of(quick))
    assert not packages.commit(slow, record_of(slow))
    assert packages.find(PACKAGE) == record_of(quick)


def test_an_abandoned_claim_cannot_commit_and_lists_its_objects(packages: PackageStore) -> None:
    first = claim(packages, "first")

    assert packages.abandon(first)

    assert not packages.commit(first, record_of(first))
    (expired,) = packages.expired_claims(NOW + 1)
    assert expired.object_keys == first.object_keys


def test_an_abandoned_version_is_free_at_once(packages: PackageStore) -> None:
    packages.abandon(claim(packages, "first"))

    assert not packages.is_taken(PACKAGE, NOW)
    assert claim(packages, "second", now=NOW).object_keys == ("bundles/first.zip", "bundles/second.zip")


def test_a_committed_package_is_neither_abandoned_nor_deleted(packages: PackageStore) -> None:
    first = claim(packages, "first")
    packages.commit(first, record_of(first))

    assert not packages.abandon(first)
    packages.delete_claim(first)

    assert packages.find(PACKAGE) == record_of(first)


def test_a_discarded_claim_leaves_nothing(world: World, packages: PackageStore) -> None:
    first = claim(packages, "first")

    assert discard_claim(packages, world.bundles(), first)

    assert world.package_statuses() == {}
    assert not is_refused(packages, "second")


def test_a_claim_taken_over_while_it_is_discarded_is_not_deleted(packages: PackageStore) -> None:
    first = claim(packages, "first")
    packages.abandon(first)
    taken_over = claim(packages, "second", now=NOW + 1)

    packages.delete_claim(first)

    assert packages.commit(taken_over, record_of(taken_over))


def test_only_claims_whose_lease_ended_are_expired(packages: PackageStore) -> None:
    for number in range(3):
        packages.claim(f"pkg-{number}", f"attempt-{number}", "key", now=NOW, lease_until=NOW + number)

    assert {claim.package_id for claim in packages.expired_claims(NOW + 2)} == {"pkg-0", "pkg-1"}


def test_a_version_that_nobody_claimed_is_not_taken(world: World) -> None:
    assert not world.packages().is_taken("pkg-of-nobody", 1_800_000_000)
    assert not world.packages().is_taken("pkg-of-nobody", 1_800_000_000, request_id="http:1")
