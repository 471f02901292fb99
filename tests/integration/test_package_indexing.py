"""Exported packages get into the package index, whatever fails on the way, and deleted ones do not stay there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from installhub.model.errors import ServiceUnavailableError
from installhub.packages import indexing
from installhub.packages.indexing import IndexOutcome
from tests.integration.support.artifact_inputs import OTHER_TENANT, artifact_input
from tests.integration.support.functions import Functions
from tests.integration.support.indexing import containing, delete_package, index_items, stream_event
from tests.integration.support.wire import OUTAGES, AccessDenied, ConcurrentAction, Kill, Killed, Outage, moments
from tests.template import resources_of

if TYPE_CHECKING:
    from installhub.exports.commands import ExportedPackage
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

CALLS = ("GetItem-1", "GetObject-1", "BatchWriteItem-1", "BatchWriteItem-2", "BatchWriteItem-3", "GetItem-2")
IDS = ("app", "form", "rule")

pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.fixture
def exported(world: World) -> ExportedPackage:
    world.publish(artifact_input("rule"), artifact_input("form", "rule"), artifact_input("app", "form"))
    world.publish(artifact_input("unused"))
    return world.export("app")


def assert_indexed(world: World) -> None:
    assert [containing(world, artifact_id) for artifact_id in IDS] == [["1.0.0"]] * 3
    assert len(index_items(world)) == 5


def test_the_function_indexes_the_package_of_a_stream_record(
    world: World, functions: Functions, exported: ExportedPackage
) -> None:
    assert functions.invoke("index_packages", stream_event(world, exported)) == {"outcomes": ["indexed"]}

    assert_indexed(world)
    assert containing(world, "unused") == []
    assert containing(world, "rule", OTHER_TENANT) == []


def test_a_record_that_is_delivered_again_changes_nothing(
    world: World, functions: Functions, wire: Wire, exported: ExportedPackage
) -> None:
    functions.invoke("index_packages", stream_event(world, exported))
    event = stream_event(world, exported)
    wire.clear()

    assert functions.invoke("index_packages", event) == {"outcomes": ["unchanged"]}
    assert [str(call) for call in wire.calls] == ["GetItem-1"]


def test_the_calls_are_those_tested_here(world: World, wire: Wire, exported: ExportedPackage) -> None:
    wire.clear()
    world.indexer().index(exported.record)

    assert tuple(map(str, wire.calls)) == CALLS


@pytest.mark.parametrize("moment", moments(*CALLS))
def test_a_crash_at_any_call_is_made_good_by_the_next_delivery(
    world: World, wire: Wire, exported: ExportedPackage, moment: str
) -> None:
    wire.clear()
    wire.fault = Kill(moment)
    with pytest.raises(Killed):
        world.indexer().index(exported.record)

    later = world.with_other_clients()
    was_complete = moment in {"after BatchWriteItem-3", "before GetItem-2", "after GetItem-2"}
    assert later.indexer().is_indexed(exported.record) == was_complete
    assert later.indexer().index(exported.record) == ("unchanged" if was_complete else "indexed")
    assert_indexed(later)


@pytest.mark.parametrize("kind", OUTAGES)
@pytest.mark.parametrize("call", CALLS)
def test_during_an_outage_the_function_fails_and_succeeds_later(
    world: World, wire: Wire, exported: ExportedPackage, kind: str, call: str
) -> None:
    functions = Functions(world.deployment)
    event = stream_event(world, exported)
    wire.clear()
    wire.fault = Outage.at(call, kind)
    with pytest.raises(Exception, match="ServiceUnavailable"):
        functions.invoke("index_packages", event)

    wire.fault = Outage.at("none", kind)
    functions.invoke("index_packages", event)
    assert_indexed(world)


def test_a_short_disturbance_is_not_noticed(world: World, wire: Wire, exported: ExportedPackage) -> None:
    wire.clear()
    wire.fault = Outage(lambda call: call.operation == "BatchWriteItem", "failing", times=2)

    assert world.indexer().index(exported.record) is IndexOutcome.INDEXED
    assert_indexed(world)


def test_a_missing_permission_is_an_error(
    world: World, functions: Functions, wire: Wire, exported: ExportedPackage
) -> None:
    event = stream_event(world, exported)
    wire.clear()
    wire.fault = AccessDenied("BatchWriteItem-1")

    with pytest.raises(Exception, match="AccessDenied"):
        functions.invoke("index_packages", event)


def test_a_large_package_is_indexed_in_portions(world: World, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "_CHUNK", 30)
    leaves = [f"leaf-{number:03}" for number in range(65)]
    world.publish(*map(artifact_input, leaves))
    exported = world.export(*leaves)
    wire.clear()

    world.indexer().index(exported.record)

    assert wire.count("BatchWriteItem") == 2 + 2 + 1 + 2, "two portions of 30, one of 5, and two items of the package"
    assert all(containing(world, leaf) == ["1.0.0"] for leaf in leaves)


def test_a_package_that_was_deleted_before_is_not_indexed(
    world: World, functions: Functions, exported: ExportedPackage
) -> None:
    event = stream_event(world, exported)
    delete_package(world, exported)

    assert functions.invoke("index_packages", event) == {"outcomes": ["deleted"]}
    assert index_items(world) == []


@pytest.mark.parametrize("call", ["BatchWriteItem-1", "BatchWriteItem-2", "BatchWriteItem-3", "GetItem-2"])
def test_a_package_that_is_deleted_meanwhile_leaves_nothing(
    world: World, wire: Wire, exported: ExportedPackage, call: str
) -> None:
    other = world.with_other_clients()
    wire.clear()
    wire.fault = ConcurrentAction.at(call, lambda: delete_package(other, exported))

    assert world.indexer().index(exported.record) is IndexOutcome.DELETED
    assert index_items(world) == []


def test_a_package_that_was_exported_again_after_its_deletion_is_not_mixed_up_with_the_first(
    world: World, exported: ExportedPackage
) -> None:
    delete_package(world, exported)
    again = world.at(lambda: 1_900_000_000).export("form")

    assert world.indexer().index(exported.record) is IndexOutcome.DELETED
    assert world.indexer().index(again.record) is IndexOutcome.INDEXED
    assert (containing(world, "app"), containing(world, "form")) == ([], ["1.0.0"])


def test_a_package_without_its_bundle_is_an_error(world: World, exported: ExportedPackage) -> None:
    world.s3.delete_object(Bucket=world.name("BundleBucket"), Key=exported.record.bundle_key)

    with pytest.raises(world.s3.exceptions.NoSuchKey):
        world.indexer().index(exported.record)


def test_a_package_can_be_written_again_to_repair_the_index(world: World, exported: ExportedPackage) -> None:
    world.indexer().index(exported.record)
    for item in index_items(world):
        if item["pk"]["S"].startswith("A#"):
            key = {name: item[name] for name in ("pk", "sk")}
            world.dynamodb.delete_item(TableName=world.name("PackageIndexTable"), Key=key)

    assert world.indexer().index(exported.record) is IndexOutcome.UNCHANGED
    assert world.indexer().index(exported.record, again=True) is IndexOutcome.INDEXED
    assert_indexed(world)


def test_a_service_that_is_unavailable_is_named(world: World, wire: Wire, exported: ExportedPackage) -> None:
    wire.clear()
    wire.fault = Outage(lambda call: call.service == "s3", "failing")

    with pytest.raises(ServiceUnavailableError) as failure:
        world.indexer().index(exported.record)
    assert failure.value.service == "s3"


def test_the_records_of_outcome_events_reach_the_function_one_at_a_time() -> None:
    functions = resources_of("AWS::Serverless::Function")
    (trigger,) = functions["IndexPackagesFunction"]["Events"].values()
    announced = functions["AnnounceFunction"]["Events"]["PackageExported"]["Properties"]

    patterns = [
        [json.loads(one["Pattern"]) for one in properties["FilterCriteria"]["Filters"]]
        for properties in (trigger["Properties"], announced)
    ]
    assert patterns[0] == patterns[1]
    assert trigger["Properties"]["BatchSize"] == 1
