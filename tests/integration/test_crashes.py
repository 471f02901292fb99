"""An export killed at any point leaves no partial package, no permanent claim and no orphaned object."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.package import package_id
from tests.integration.support.artifact_inputs import TENANT, artifact_input, incompressible
from tests.integration.support.bundles import bundle_in_memory, checksum_of
from tests.integration.support.wire import ConcurrentAction, Faults, Interruption, Kill, Killed, moments
from tests.integration.support.world import command

if TYPE_CHECKING:
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

PACKAGE: Final = package_id(TENANT, "Made up", "1.0.0")
LEASE_SECONDS: Final = 29 + 5


@dataclass(frozen=True)
class Case:
    """A kind of export and the AWS calls it makes; the order of concurrent calls may vary.

    Attributes:
        definition: The definition of the exported artifact.
        points: The calls at which this case is tested.
        rest: The remaining calls, tested by another case.
        after_crash: Whether an earlier attempt to export the version crashed.
    """

    definition: str
    points: tuple[str, ...]
    rest: tuple[str, ...] = ()
    after_crash: bool = False


CASES: Final = {
    "small": Case(
        "small", points=("BatchGetItem-1", "UpdateItem-1", "BatchGetItem-2", "PutObject-1", "Sign-1", "UpdateItem-2")
    ),
    "in parts": Case(
        incompressible(40 * 1024),
        points=(
            *("GetObject-1", "CreateMultipartUpload-1", "UploadPart-1", "UploadPart-2"),
            "CompleteMultipartUpload-1",
        ),
        rest=("BatchGetItem-1", "UpdateItem-1", "BatchGetItem-2", "Sign-1", "UpdateItem-2"),
    ),
    "takeover": Case(
        "small",
        points=("UpdateItem-1", "DeleteObject-1", "PutObject-1"),
        rest=("BatchGetItem-1", "BatchGetItem-2", "Sign-1", "UpdateItem-2"),
        after_crash=True,
    ),
}
COMMITTED: Final = "after UpdateItem-2"
MOMENTS: Final = [(name, moment) for name, case in CASES.items() for moment in moments(*case.points)]

pytestmark = pytest.mark.usefixtures("small_items", "small_parts")
at_any_moment = pytest.mark.parametrize(("name", "moment"), MOMENTS)


@pytest.fixture
def later(world: World) -> World:
    """The world as seen by another process after all leases have expired."""
    start = time.time()
    return world.with_other_clients().at(lambda: start + LEASE_SECONDS + 10)


def prepare(case: Case, world: World, wire: Wire) -> None:
    world.publish(artifact_input("rule", definition=case.definition))
    if case.after_crash:
        now = int(time.time()) - 100
        key = world.bundles().object_key(PACKAGE, "dead")
        world.packages().claim(PACKAGE, "dead", key, now=now, lease_until=now + LEASE_SECONDS)
        with world.bundles().upload(key) as upload:
            upload.write(b"half of something")
    wire.clear()


def is_visible(world: World) -> bool:
    return world.packages().find(PACKAGE) is not None


def export_again(world: World, *roots: str) -> None:
    """Export, and check that there is exactly one complete package and no other object."""
    if is_visible(world):
        with pytest.raises(InstallHubError) as refusal:
            world.export(*roots)
        assert refusal.value.code is ErrorCode.VERSION_CONFLICT
    else:
        world.export(*roots)
    world.sweeper().sweep()
    record = world.packages().find(PACKAGE)
    assert record is not None
    assert world.objects() == [record.bundle_key]
    bundle = world.bundles().read(record.bundle_key)
    assert record.checksum == checksum_of(bundle)
    assert record.signature is not None
    assert bundle == bundle_in_memory(world, command(*roots))


@pytest.mark.parametrize("name", CASES)
def test_the_calls_of_an_export_are_those_tested_here(world: World, wire: Wire, name: str) -> None:
    prepare(CASES[name], world, wire)

    world.export("rule")

    assert sorted(map(str, wire.calls)) == sorted(CASES[name].points + CASES[name].rest)


@at_any_moment
def test_a_crashed_export_can_be_repeated_after_its_lease(
    world: World, wire: Wire, later: World, name: str, moment: str
) -> None:
    prepare(CASES[name], world, wire)
    wire.fault = Kill(moment)

    with pytest.raises(Killed):
        world.export("rule")

    assert is_visible(later) == (moment == COMMITTED)
    export_again(later, "rule")


@at_any_moment
def test_a_crashed_export_leaves_nothing_after_the_sweep(
    world: World, wire: Wire, later: World, name: str, moment: str
) -> None:
    prepare(CASES[name], world, wire)
    wire.fault = Kill(moment)

    with pytest.raises(Killed):
        world.export("rule")
    later.sweeper().sweep()

    committed = moment == COMMITTED
    assert list(later.package_statuses().values()) == ["exported"] * committed
    assert len(later.objects()) == committed


@at_any_moment
def test_an_export_that_is_interrupted_cleans_up_after_itself(
    world: World, wire: Wire, later: World, name: str, moment: str
) -> None:
    prepare(CASES[name], world, wire)
    wire.fault = Interruption(moment)

    with pytest.raises(KeyboardInterrupt):
        world.export("rule")

    assert is_visible(later) == (moment == COMMITTED)
    if moment != "after CreateMultipartUpload-1":  # removed only by the lifecycle rule of the bucket
        assert later.uploads() == []
    if not CASES[name].after_crash:
        assert len(later.objects()) == (moment == COMMITTED)
    export_again(later, "rule")


@pytest.mark.parametrize("moment", moments("UpdateItem-2", "AbortMultipartUpload-1", "DeleteObject-1", "DeleteItem-1"))
def test_an_export_that_crashes_while_cleaning_up_can_be_repeated(
    world: World, wire: Wire, later: World, moment: str
) -> None:
    world.publish(artifact_input("large", definition=incompressible(40 * 1024)), artifact_input("rule", "large"))
    world.publish(*(artifact_input(f"more-{place}", definition=incompressible(30 * 1024)) for place in range(2)))
    roots = ("rule", "more-0", "more-1")
    wire.clear()
    wire.fault = Faults(Interruption("before UploadPart-2"), Kill(moment))

    with pytest.raises(Killed):
        world.export(*roots)

    assert not is_visible(later)
    later.sweeper().sweep()
    assert (later.package_statuses(), later.objects()) == ({}, [])
    export_again(later, *roots)


def test_an_export_that_outlives_its_lease_leaves_nothing(world: World, wire: Wire, later: World) -> None:
    """Another export takes over the claim, cleans up and commits before the slow one writes its bundle."""
    world.publish(artifact_input("rule"))
    wire.clear()
    wire.fault = ConcurrentAction.at("PutObject-1", lambda: later.export("rule"))

    with pytest.raises(InstallHubError):
        world.export("rule")

    export_again(later, "rule")


def test_an_export_that_outlives_its_lease_and_the_sweeper_leaves_nothing(
    world: World, wire: Wire, later: World
) -> None:
    world.publish(artifact_input("rule"))
    wire.clear()
    wire.fault = ConcurrentAction.at("PutObject-1", lambda: later.sweeper().sweep())

    with pytest.raises(InstallHubError):
        world.export("rule")

    assert not is_visible(later)
    assert (later.package_statuses(), later.objects()) == ({}, [])
