"""`make sign-packages` signs the packages of earlier versions, and may be interrupted and repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from operations.deployment import Deployment
from operations.sign_packages import main
from tests.integration.support.artifact_inputs import artifact_input
from tests.integration.support.wire import Kill, Killed, NoFault, Outage
from tests.integration.test_attestations import remove_signature
from tests.integration.test_audit import run_audit
from tests.integration.test_sweep import export_without_commit

if TYPE_CHECKING:
    from installhub.exports.commands import ExportedPackage
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.fixture
def packages(world: World) -> list[ExportedPackage]:
    """Three packages, of which a release without signatures exported two."""
    world.publish(artifact_input("rule"))
    exported = [world.export("rule", version=f"1.0.{number}") for number in range(3)]
    for package in exported:
        world.indexer().index(package.record)
    for package in exported[:2]:
        remove_signature(world, package.record.description.package_id)
    export_without_commit(world, "pkg-under-way", 4_000_000_000)
    return exported


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that runs the command on the world, one package at a time."""
    monkeypatch.setattr("operations.sign_packages._CONCURRENCY", 1)
    for name, client in (("dynamodb", world.dynamodb), ("s3", world.s3), ("kms", world.kms)):
        monkeypatch.setattr(Deployment, name, client)
    monkeypatch.setattr("operations.deployment.find", lambda _: Deployment("the stack", world.outputs))
    return lambda *options: main(list(options))


def signatures(world: World, packages: list[ExportedPackage]) -> list[object]:
    found = [world.packages().find(package.record.description.package_id) for package in packages]
    return [None if record is None else record.signature for record in found]


def test_packages_are_signed_once_and_signed_ones_are_kept(
    world: World, packages: list[ExportedPackage], run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--dry-run") == 0
    assert signatures(world, packages)[:2] == [None, None]
    assert run() == 0
    signed = signatures(world, packages)
    assert run() == 0

    assert capsys.readouterr().out == (
        "2 packages of the stack would be signed; 1 already are.\n"
        "2 packages of the stack were signed; 1 already are.\n"
        "0 packages of the stack were signed; 3 already are.\n"
    )
    assert None not in signed
    assert signed[2] == packages[2].record.signature
    assert signatures(world, packages) == signed
    assert run_audit(world).findings == []


@pytest.mark.parametrize("moment", ["before Sign-2", "after Sign-2", "before UpdateItem-2", "after UpdateItem-2"])
def test_an_interrupted_run_is_continued(
    world: World, packages: list[ExportedPackage], wire: Wire, run: Callable[..., int], moment: str
) -> None:
    wire.clear()
    wire.fault = Kill(moment)
    with pytest.raises(Killed):
        run()
    wire.fault = NoFault()
    first = [signature for signature in signatures(world, packages)[:2] if signature is not None]
    assert len(first) == 1 + (moment == "after UpdateItem-2")

    assert run() == 0

    assert set(first) < set(signatures(world, packages))
    assert run_audit(world).findings == []


def test_a_package_without_its_bundle_is_reported_and_the_others_are_signed(
    world: World, packages: list[ExportedPackage], run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    gone = packages[0].record
    world.s3.delete_object(Bucket=world.name("BundleBucket"), Key=gone.bundle_key)

    assert run() == 1

    output = capsys.readouterr()
    assert f"{gone.description.package_id}: its bundle does not exist\n" in output.out
    assert "1 packages could not be signed" in output.err
    assert signatures(world, packages)[0] is None
    assert signatures(world, packages)[1] is not None


@pytest.mark.usefixtures("packages")
def test_a_failing_service_ends_the_run_with_a_hint(
    wire: Wire, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    wire.fault = Outage(lambda call: call.operation == "Sign", "failing")

    assert run() == 1
    assert "run the command again to continue" in capsys.readouterr().err
