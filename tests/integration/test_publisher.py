"""Publishing: artifacts change atomically from one revision to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from installhub.artifacts import items
from installhub.artifacts.publisher import PublishSummary
from installhub.artifacts.revisions import SUPERSEDED_BODY_RETENTION_SECONDS
from installhub.artifacts.validation import ArtifactInput
from installhub.model.errors import ServiceUnavailableError
from tests.integration.support.artifact_inputs import TENANT, artifact_input, incompressible
from tests.integration.support.bundles import bundle_of, definitions_of
from tests.integration.support.fake_catalog import node_of
from tests.integration.support.wire import ConcurrentAction, Kill, Killed, Outage, moments

if TYPE_CHECKING:
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

NOW = 1_780_000_000
LARGE = incompressible(12 * 1024)
LARGER = incompressible(16 * 1024, seed=1)

pytestmark = pytest.mark.usefixtures("small_items")


def exported_definition(world: World, artifact_id: str = "rule") -> Any:  # noqa: ANN401  # any JSON value is a definition
    """Export an artifact and return its definition."""
    return definitions_of(bundle_of(world, world.export(artifact_id)))[artifact_id]


def body_item(world: World, artifact: ArtifactInput) -> dict[str, Any]:
    key = items.primary_key(artifact.tenant, items.body_sort_key(artifact.id, node_of(artifact).sha256))
    item: dict[str, Any] = world.dynamodb.get_item(TableName=world.name("ArtifactsTable"), Key=key)["Item"]
    return item


def test_artifacts_are_counted_as_created_updated_or_unchanged(world: World) -> None:
    first = [artifact_input(f"rule-{place}") for place in range(50)]
    changed = [
        artifact_input("rule-0", "rule-1"),
        artifact_input("rule-1", definition="new"),
        artifact_input("rule-2", name="New"),
    ]

    assert world.publish(*first) == PublishSummary(created=50)
    assert world.publish(*first) == PublishSummary(unchanged=50)
    assert world.publish(*changed, *first[3:], artifact_input("rule-50")) == PublishSummary(
        created=1, updated=3, unchanged=47
    )


def test_artifacts_of_several_tenants_go_to_their_own_partitions(world: World) -> None:
    inputs = [artifact_input("rule", definition=owner, tenant=owner) for owner in ("a", "b", "a")]

    world.publish(*inputs)

    for owner in ("a", "b"):
        assert world.artifacts().for_tenant(owner).nodes(["rule"]) == {
            "rule": node_of(artifact_input("rule", definition=owner))
        }


def test_of_several_inputs_for_one_artifact_the_last_counts(world: World) -> None:
    world.publish(*(artifact_input("rule", definition=f"revision {number}") for number in range(70)))

    assert exported_definition(world) == "revision 69"


@pytest.mark.parametrize(("before", "after"), [("old", "new"), (LARGE, "new"), ("old", LARGE), (LARGE, LARGER)])
def test_the_body_of_an_earlier_revision_is_kept_for_a_week(world: World, before: str, after: str) -> None:
    past_world = world.at(lambda: NOW)
    past_world.publish(artifact_input("rule", definition=before))
    assert items.EXPIRES_AT not in body_item(world, artifact_input("rule", definition=before))

    past_world.publish(artifact_input("rule", definition=after))

    expiry = body_item(world, artifact_input("rule", definition=before))[items.EXPIRES_AT]
    assert expiry == {"N": str(NOW + SUPERSEDED_BODY_RETENTION_SECONDS)}
    assert items.EXPIRES_AT not in body_item(world, artifact_input("rule", definition=after))


@pytest.mark.parametrize("definition", ["first", LARGE])
def test_a_restored_revision_does_not_expire(world: World, definition: str) -> None:
    world.publish(artifact_input("rule", definition=definition))
    world.publish(artifact_input("rule", definition="second"))
    world.publish(artifact_input("rule", definition=definition))

    assert items.EXPIRES_AT not in body_item(world, artifact_input("rule", definition=definition))
    assert items.EXPIRES_AT in body_item(world, artifact_input("rule", definition="second"))
    assert exported_definition(world) == definition


def test_a_change_of_anything_else_leaves_the_body_alone(world: World, wire: Wire) -> None:
    world.publish(artifact_input("rule", definition=LARGE))
    wire.clear()

    assert world.publish(artifact_input("rule", "other", definition=LARGE, name="New")) == PublishSummary(updated=1)

    assert wire.count("PutObject") == 0
    assert items.EXPIRES_AT not in body_item(world, artifact_input("rule", definition=LARGE))
    assert world.artifacts().for_tenant(TENANT).nodes(["rule"])["rule"].name == "New"


def test_a_concurrent_change_is_taken_into_account(world: World, wire: Wire, no_waiting: list[float]) -> None:
    world.publish(artifact_input("rule", definition="first"))
    wire.clear()
    concurrent = artifact_input("rule", definition="theirs")
    wire.fault = ConcurrentAction.at("TransactWriteItems-1", lambda: world.with_other_clients().publish(concurrent))

    assert world.publish(artifact_input("rule", definition="ours"), artifact_input("more")) == PublishSummary(
        created=1, updated=1
    )

    assert len(no_waiting) == 1
    assert exported_definition(world) == "ours"
    assert items.EXPIRES_AT in body_item(world, concurrent)


def test_an_artifact_created_concurrently_is_updated(world: World, wire: Wire, no_waiting: list[float]) -> None:
    concurrent = artifact_input("rule", definition="theirs")
    wire.fault = ConcurrentAction.at("TransactWriteItems-1", lambda: world.with_other_clients().publish(concurrent))

    assert world.publish(artifact_input("rule", definition="ours")) == PublishSummary(updated=1)

    assert len(no_waiting) == 1
    assert exported_definition(world) == "ours"


def test_publishing_fails_after_repeated_conflicts(world: World, wire: Wire, no_waiting: list[float]) -> None:
    world.publish(artifact_input("rule", definition=0))
    wire.clear()
    revisions = iter(range(1, 1_000))
    wire.fault = ConcurrentAction(
        lambda call: call.operation == "TransactWriteItems",
        lambda: world.with_other_clients().publish(artifact_input("rule", definition=next(revisions))),
    )

    with pytest.raises(ServiceUnavailableError):
        world.publish(artifact_input("rule", definition="ours"))

    assert wire.count("TransactWriteItems") <= 10
    assert sum(no_waiting) < 20
    assert exported_definition(world.with_other_clients()) == next(revisions) - 1


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("kind", ["throttled", "failing", "unreachable"])
@pytest.mark.parametrize("point", ["BatchGetItem-1", "PutObject-1", "TransactWriteItems-1"])
def test_publishing_during_an_outage_changes_nothing(world: World, wire: Wire, point: str, kind: str) -> None:
    world.publish(artifact_input("rule", definition="first"))
    wire.clear()
    wire.fault = Outage.at(point, kind)

    with pytest.raises(ServiceUnavailableError):
        world.publish(artifact_input("rule", definition=LARGE))

    assert exported_definition(world) == "first"
    assert world.publish(artifact_input("rule", definition=LARGE)) == PublishSummary(updated=1)


@pytest.mark.parametrize(
    "moment",
    moments("BatchGetItem-1", "PutObject-1", "TransactWriteItems-1", "UpdateItem-1", "PutObjectTagging-1"),
)
def test_a_crashed_publish_leaves_complete_artifacts(world: World, wire: Wire, moment: str) -> None:
    world.publish(artifact_input("rule", definition=LARGER))
    wire.clear()
    wire.fault = Kill(moment)
    inputs = [artifact_input("rule", definition=LARGE), artifact_input("more", "rule")]

    with pytest.raises(Killed):
        world.publish(*inputs)

    other_process = world.with_other_clients()
    assert exported_definition(other_process) in (LARGER, LARGE)
    other_process.publish(*inputs)
    assert other_process.publish(*inputs) == PublishSummary(unchanged=2)
    assert set(other_process.artifacts().for_tenant(TENANT).nodes(["rule", "more"])) == {"rule", "more"}
    assert not expires(other_process, inputs[0])


def expires(world: World, artifact: ArtifactInput) -> bool:
    """Return whether the lifecycle rules of the bucket will remove the object of a definition."""
    body = body_item(world, artifact)
    bucket, key = world.name("DefinitionBucket"), body[items.OBJECT_KEY]["S"]
    versions = world.s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    tags = world.s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    return len(versions) != 1 or {"Key": "state", "Value": "superseded"} in tags


@pytest.mark.parametrize("successor", ["small", LARGER])
def test_the_object_of_a_superseded_definition_expires(world: World, successor: str) -> None:
    world.publish(artifact_input("rule", definition=LARGE))
    world.publish(artifact_input("rule", definition=successor))

    assert expires(world, artifact_input("rule", definition=LARGE))


def test_the_objects_of_current_definitions_do_not_expire(world: World) -> None:
    for definition in (LARGE, LARGER, LARGE):
        world.publish(artifact_input("rule", definition=definition))
        assert not expires(world, artifact_input("rule", definition=definition))


@pytest.mark.usefixtures("no_waiting")
def test_publishing_that_fails_does_not_let_the_current_definition_expire(world: World, wire: Wire) -> None:
    world.publish(artifact_input("rule", definition=LARGE))
    wire.clear()
    wire.fault = Outage.at("TransactWriteItems-1", "failing")

    with pytest.raises(ServiceUnavailableError):
        world.publish(artifact_input("rule", definition=LARGER))

    assert not expires(world.with_other_clients(), artifact_input("rule", definition=LARGE))


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("between", ["TransactWriteItems-1", "BatchGetItem-2", "PutObjectTagging-1"])
def test_a_definition_restored_concurrently_does_not_expire(world: World, wire: Wire, between: str) -> None:
    """The restoration happens between the commit of the next revision and the clean-up of the object."""
    world.publish(artifact_input("rule", definition=LARGE))
    wire.clear()
    other_process = world.with_other_clients()
    wire.fault = ConcurrentAction.at(between, lambda: other_process.publish(artifact_input("rule", definition=LARGE)))

    world.publish(artifact_input("rule", definition=LARGER))

    current = artifact_input("rule", definition=exported_definition(other_process))
    assert not expires(other_process, current)


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("between", ["BatchGetItem-1", "PutObject-1", "TransactWriteItems-1"])
def test_a_definition_published_twice_concurrently_does_not_expire(world: World, wire: Wire, between: str) -> None:
    artifact = artifact_input("rule", definition=LARGE)
    other_process = world.with_other_clients()
    wire.fault = ConcurrentAction.at(between, lambda: other_process.publish(artifact))

    world.publish(artifact)

    assert not expires(other_process, artifact)
