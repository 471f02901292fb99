"""`make index-packages` adds the packages that are not in the package index, and may be interrupted and repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from operations.deployment import Deployment
from operations.index_packages import main
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input
from tests.integration.support.indexing import containing, index_items
from tests.integration.support.wire import AccessDenied, Kill, Killed, Outage
from tests.integration.test_sweep import export_without_commit

if TYPE_CHECKING:
    from installhub.exports.commands import ExportedPackage
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

VERSIONS = ["1.0.2", "1.0.1", "1.0.0"]

pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.fixture
def packages(world: World) -> list[ExportedPackage]:
    """Three packages of a tenant and one of another, as a release without an index exported them."""
    world.publish(*(artifact_input("rule", tenant=tenant) for tenant in (TENANT, OTHER_TENANT)))
    exported = [
        world.at(lambda number=number: 1_780_000_000 + number).export("rule", version=f"1.0.{number}")  # type: ignore[misc]
        for number in range(3)
    ]
    export_without_commit(world, "pkg-under-way", 4_000_000_000)
    return [*exported, world.export("rule", tenant=OTHER_TENANT)]


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that runs the command on the world, one package at a time."""
    monkeypatch.setattr("operations.index_packages._CONCURRENCY", 1)
    monkeypatch.setattr(Deployment, "dynamodb", world.dynamodb)
    monkeypatch.setattr(Deployment, "s3", world.s3)
    monkeypatch.setattr("operations.deployment.find", lambda _: Deployment("the stack", world.deployment.references))
    return lambda *options: main(list(options))


@pytest.mark.usefixtures("packages")
def test_all_packages_are_indexed_once(
    world: World, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    assert capsys.readouterr().out == "4 packages of the stack were indexed; 0 already are.\n"
    assert containing(world, "rule") == VERSIONS
    assert containing(world, "rule", OTHER_TENANT) == ["1.0.0"]
    items = index_items(world)

    assert run() == 0
    assert capsys.readouterr().out == "0 packages of the stack were indexed; 4 already are.\n"
    assert index_items(world) == items


@pytest.mark.usefixtures("packages")
def test_a_dry_run_only_counts(world: World, run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--dry-run") == 0
    assert capsys.readouterr().out == "4 packages of the stack would be indexed; 0 already are.\n"
    assert index_items(world) == []


def test_only_missing_packages_are_written(
    world: World, packages: list[ExportedPackage], run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    world.indexer().index(packages[1].record)

    assert run("--dry-run") == 0
    assert run() == 0

    assert capsys.readouterr().out == (
        "3 packages of the stack would be indexed; 1 already are.\n"
        "3 packages of the stack were indexed; 1 already are.\n"
    )
    assert containing(world, "rule") == VERSIONS


def test_packages_can_be_written_again(
    world: World, packages: list[ExportedPackage], run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    world.indexer().index(packages[0].record)
    (membership, *_) = [item for item in index_items(world) if item["pk"]["S"].startswith("A#")]
    world.dynamodb.delete_item(
        TableName=world.name("PackageIndexTable"), Key={name: membership[name] for name in ("pk", "sk")}
    )

    assert run() == 0
    assert containing(world, "rule") == VERSIONS[:2]
    assert run("--again") == 0
    assert containing(world, "rule") == VERSIONS
    assert capsys.readouterr().out.endswith("4 packages of the stack were indexed; 0 already are.\n")


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("call", range(1, 13))
def test_an_interrupted_run_is_continued(world: World, wire: Wire, run: Callable[..., int], call: int) -> None:
    wire.clear()
    wire.fault = Kill(f"after BatchWriteItem-{call}")
    with pytest.raises(Killed):
        run()
    wire.fault = Outage.at("none", "failing")
    written = sum(item["pk"]["S"].startswith("T#") for item in index_items(world))
    assert written == call // 3, "three writes for each package, the last one of its package item"
    wire.clear()

    assert run() == 0

    assert containing(world, "rule") == VERSIONS
    assert wire.count("BatchWriteItem") == 3 * (4 - written), "complete packages are not written again"


def test_a_package_without_its_bundle_is_reported_and_the_others_are_indexed(
    world: World, packages: list[ExportedPackage], run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    gone, damaged = packages[0].record, packages[1].record
    world.s3.delete_object(Bucket=world.name("BundleBucket"), Key=gone.bundle_key)
    world.s3.put_object(Bucket=world.name("BundleBucket"), Key=damaged.bundle_key, Body=b"\xff" * 10_000)

    assert run() == 1

    output = capsys.readouterr()
    assert f"{gone.description.package_id}: its bundle does not exist\n" in output.out
    assert f"{damaged.description.package_id}: its manifest cannot be read" in output.out
    assert "2 packages could not be indexed" in output.err
    assert containing(world, "rule") == ["1.0.2"]


@pytest.mark.usefixtures("packages")
def test_a_failing_service_ends_the_run_with_a_hint(
    wire: Wire, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    for fault in (Outage(lambda call: call.operation == "BatchWriteItem", "throttled"), AccessDenied("GetItem-1")):
        wire.clear()
        wire.fault = fault
        assert run() == 1
        assert "run the command again to continue" in capsys.readouterr().err
