"""Of several simultaneous exports of one version exactly one succeeds."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from installhub.model.errors import ErrorCode, InstallHubError, VersionHeldError
from tests.integration.support.artifact_inputs import artifact_input
from tests.integration.support.bundles import bundle_of, definitions_of
from tests.integration.support.wire import ConcurrentAction
from tests.integration.support.world import command

if TYPE_CHECKING:
    from installhub.exports.commands import ExportedPackage
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

THREADS = 16


def test_of_sixteen_exports_of_one_version_one_succeeds(world: World, wire: Wire) -> None:
    world.publish(artifact_input("root", "rule"), artifact_input("rule"))
    wire.clear()
    exporter = world.exporter()
    start = threading.Barrier(THREADS)

    def export(_: int) -> ExportedPackage | ErrorCode:
        start.wait()
        try:
            return exporter.export(command("root"), seconds_left=29)
        except InstallHubError as refusal:
            return refusal.code

    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(export, range(THREADS)))

    (exported,) = [result for result in results if not isinstance(result, ErrorCode)]
    assert results.count(ErrorCode.VERSION_CONFLICT) == THREADS - 1
    assert world.packages().find(exported.record.description.package_id) == exported.record
    assert world.objects() == [exported.record.bundle_key]
    assert set(definitions_of(bundle_of(world, exported))) == {"root", "rule"}


def test_simultaneous_exports_of_different_versions_all_succeed(world: World, wire: Wire) -> None:
    world.publish(artifact_input("root", "rule"), artifact_input("rule"))
    wire.clear()
    exporter = world.exporter()

    with ThreadPoolExecutor(THREADS) as pool:
        versions = [f"1.0.{number}" for number in range(THREADS)]
        exported = list(
            pool.map(lambda version: exporter.export(command("root", version=version), seconds_left=29), versions)
        )

    assert [package.record.description.version for package in exported] == versions
    assert len(world.objects()) == THREADS


def test_two_deliveries_of_one_request_return_the_same_package(world: World, wire: Wire) -> None:
    world.publish(artifact_input("rule"))
    first: list[ExportedPackage] = []
    other_process = world.with_other_clients()
    wire.clear()
    wire.fault = ConcurrentAction.at(
        "UpdateItem-1", lambda: first.append(other_process.export("rule", request_id="event:1"))
    )

    second = world.export("rule", request_id="event:1")

    assert [(exported.record, exported.is_new) for exported in (*first, second)] == [
        (first[0].record, True),
        (first[0].record, False),
    ]
    assert world.objects() == [second.record.bundle_key]


def test_a_delivery_of_another_request_in_the_meantime_is_a_conflict(world: World, wire: Wire) -> None:
    world.publish(artifact_input("rule"))
    other_process = world.with_other_clients()
    wire.clear()
    wire.fault = ConcurrentAction.at("UpdateItem-1", lambda: other_process.export("rule", request_id="event:1"))

    with pytest.raises(VersionHeldError):
        world.export("rule", request_id="event:2")

    assert len(world.objects()) == 1
