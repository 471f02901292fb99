"""Artifact events: stream records of the artifacts table become CloudEvents that follow the documented schemas."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from installhub.artifacts import items
from installhub.events.artifact_events import artifact_event, is_artifact_record
from tests.integration.support.artifact_inputs import TENANT, artifact_input

if TYPE_CHECKING:
    from tests.integration.support.world import World

DOCS = Path(__file__).parents[2] / "docs" / "events"
SOURCE = "/installhub/test"


def edge_image(world: World, artifact_id: str = "rule") -> dict[str, Any]:
    """Return an artifact's edge item as in a stream record, where binary values are base64."""
    key = items.primary_key(TENANT, items.edge_sort_key(artifact_id))
    edge = world.dynamodb.get_item(TableName=world.name("ArtifactsTable"), Key=key)["Item"]
    return {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value for name, value in edge.items()
    }


def record_of(**images: Any) -> dict[str, Any]:  # noqa: ANN401  # items
    image = next(iter(images.values()))
    keys = {name: image[name] for name in ("pk", "sk")}
    return {"eventID": "e-1", "dynamodb": {"Keys": keys, "ApproximateCreationDateTime": 1_780_000_000, **images}}


def validated(event: dict[str, Any], schema: str) -> dict[str, Any]:
    Draft202012Validator(json.loads((DOCS / f"{schema}-1.schema.json").read_text())).validate(event)
    return event


def test_a_new_artifact_is_announced_as_created(world: World) -> None:
    world.publish(artifact_input("rule", name="Approval", definition={"a": 1}))
    stored = world.artifacts().for_tenant(TENANT).nodes(["rule"])["rule"]

    event = validated(artifact_event(record_of(NewImage=edge_image(world)), SOURCE), "artifact-published")

    assert (event["type"], event["source"], event["subject"]) == ("ArtifactPublished", SOURCE, "rule")
    assert event["time"] == "2026-05-28T20:26:40Z"
    assert event["data"] == {
        "tenantId": TENANT,
        "artifactId": "rule",
        "type": "RuleSet",
        "name": "Approval",
        "status": "published",
        "sha256": stored.sha256,
        "size": 7,
        "revision": stored.revision,
        "change": "created",
        "publishedAt": "2026-05-28T20:26:40Z",
    }


def test_a_changed_artifact_is_announced_as_updated_with_its_new_state(world: World) -> None:
    world.publish(artifact_input("rule", status="draft"))
    old = edge_image(world)
    world.publish(artifact_input("rule"))

    event = validated(artifact_event(record_of(NewImage=edge_image(world), OldImage=old), SOURCE), "artifact-published")

    assert (event["data"]["change"], event["data"]["status"]) == ("updated", "published")


def test_a_deleted_artifact_is_announced_with_its_last_state(world: World) -> None:
    world.publish(artifact_input("rule", *map(str, range(600))))  # so many that they are stored compressed

    event = validated(artifact_event(record_of(OldImage=edge_image(world)), SOURCE), "artifact-deleted")

    assert (event["type"], event["data"]["artifactId"]) == ("ArtifactDeleted", "rule")
    assert event["data"]["deletedAt"] == event["time"]


def test_a_record_that_is_delivered_again_has_the_same_event_id(world: World) -> None:
    world.publish(artifact_input("rule"))
    record = record_of(NewImage=edge_image(world))

    assert artifact_event(record, SOURCE) == artifact_event(record, SOURCE)
    assert artifact_event({**record, "eventID": "e-2"}, SOURCE)["id"] != artifact_event(record, SOURCE)["id"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"pk": {"S": "T#a"}, "sk": {"S": "E#=rule"}}, True),
        ({"pk": {"S": "T#a"}, "sk": {"S": "B#1#2"}}, False),
        ({"packageId": {"S": "pkg-1"}}, False),
        ({"requestId": {"S": "E#1"}}, False),
    ],
)
def test_only_records_of_edge_items_are_about_artifacts(keys: dict[str, Any], *, expected: bool) -> None:
    assert is_artifact_record({"dynamodb": {"Keys": keys}}) is expected
