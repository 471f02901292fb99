"""The sweep removes only the leftovers of crashed exports."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.artifact_inputs import artifact_input
from tests.integration.support.functions import sample_event
from tests.integration.support.wire import Kill, Killed, moments
from tests.template import resources_of

if TYPE_CHECKING:
    from tests.integration.support.functions import Functions
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World


def export_without_commit(world: World, package_id: str, lease_until: int) -> str:
    """Run an export up to the commit and return the key of its bundle."""
    key = world.bundles().object_key(package_id, "attempt")
    world.packages().claim(package_id, "attempt", key, now=lease_until - 34, lease_until=lease_until)
    with world.bundles().upload(key) as upload:
        upload.write(b"a bundle")
    return key


def test_expired_claims_and_their_objects_are_removed(world: World) -> None:
    now = int(time.time())
    for number in range(5):
        export_without_commit(world, f"pkg-{number}", now - 1 - number)

    assert world.sweeper().sweep() == 5

    assert (world.package_statuses(), world.objects()) == ({}, [])
    assert world.sweeper().sweep() == 0


def test_claims_with_a_lease_are_kept(world: World) -> None:
    key = export_without_commit(world, "pkg-1", int(time.time()) + 10)

    assert world.sweeper().sweep() == 0

    assert (world.package_statuses(), world.objects()) == ({"pkg-1": "exporting"}, [key])


def test_committed_packages_are_kept_at_any_age(world: World) -> None:
    world.publish(artifact_input("rule"))
    exported = world.export("rule")

    assert world.at(lambda: time.time() + 10**9).sweeper().sweep() == 0

    assert world.packages().find(exported.record.description.package_id) == exported.record
    assert world.objects() == [exported.record.bundle_key]


def test_an_expired_claim_without_an_object_is_removed_too(world: World) -> None:
    now = int(time.time())
    world.packages().claim("pkg-1", "attempt", "bundles/pkg-1/attempt.zip", now=now - 60, lease_until=now - 30)

    assert world.sweeper().sweep() == 1

    assert world.package_statuses() == {}


def test_expired_claims_beyond_one_page_are_all_removed(world: World) -> None:
    now = int(time.time())
    for number in range(22):
        export_without_commit(world, f"pkg-{number}", now - 1)
        world.dynamodb.update_item(
            TableName=world.name("PackagesTable"),
            Key={"packageId": {"S": f"pkg-{number}"}},
            UpdateExpression="SET filler = :filler",
            ExpressionAttributeValues={":filler": {"S": "x" * 50_000}},  # a page of a query holds 1 MB
        )

    assert world.sweeper().sweep() == 22

    assert (world.package_statuses(), world.objects()) == ({}, [])


@pytest.mark.parametrize("moment", moments("Query-1", "UpdateItem-1", "DeleteObject-1", "DeleteItem-1", "UpdateItem-2"))
def test_a_crashed_sweep_is_finished_by_the_next(world: World, wire: Wire, moment: str) -> None:
    for number in range(3):
        export_without_commit(world, f"pkg-{number}", int(time.time()) - 60)
    wire.clear()
    wire.fault = Kill(moment)
    with pytest.raises(Killed):
        world.sweeper().sweep()

    an_hour_later = world.with_other_clients().at(lambda: time.time() + 3600)
    an_hour_later.sweeper().sweep()

    assert (an_hour_later.package_statuses(), an_hour_later.objects()) == ({}, [])


def test_the_sweep_returns_how_many_it_removed(world: World, functions: Functions) -> None:
    export_without_commit(world, "pkg-1", int(time.time()) - 1)

    assert functions.invoke("sweep", sample_event("sweep")) == {"claimsRemoved": 1, "requestsExpired": 0}
    assert functions.invoke("sweep", sample_event("sweep")) == {"claimsRemoved": 0, "requestsExpired": 0}
    assert world.objects() == []


def test_the_sweep_counts_under_the_name_of_its_stack(
    world: World, functions: Functions, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alarm uses this metric."""
    export_without_commit(world, "pkg-1", int(time.time()) - 1)

    functions.invoke("sweep", sample_event("sweep"))

    (metric_entry,) = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "_aws" in line]
    alarm = resources_of("AWS::CloudWatch::Alarm")["OrphansAlarm"]
    (metrics,) = metric_entry["_aws"]["CloudWatchMetrics"]
    assert metrics["Namespace"] == world.deployment.value(alarm["Namespace"])
    assert metric_entry[alarm["MetricName"]] == [1.0]
    assert [metric_entry[dimension["Name"]] for dimension in alarm["Dimensions"]] == ["installhub"]
