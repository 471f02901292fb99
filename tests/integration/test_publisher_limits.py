"""Limits of publishing: sizes, counts, and refusals with a pointer to the field."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from installhub.artifacts import items
from installhub.artifacts.publisher import PublishSummary
from installhub.artifacts.validation import ArtifactInput, InvalidArtifactError
from installhub.model.artifact import MAX_DEFINITION_BYTES
from tests.integration.support.artifact_inputs import TENANT, artifact_input, incompressible
from tests.integration.support.bundles import bundle_of, definitions_of
from tests.integration.support.fake_catalog import node_of

if TYPE_CHECKING:
    from tests.integration.support.engines import CatalogTable
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

VALID: dict[str, Any] = {
    "tenantId": TENANT,
    "artifactId": "rule",
    "type": "RuleSet",
    "name": "Rule",
    "status": "published",
    "dependencies": [],
    "definition": {},
}
MAX_TRANSACTION_BYTES = 4 * 1024 * 1024


@pytest.mark.parametrize("packed", [items.MAX_INLINE_BYTES - 2048, items.MAX_INLINE_BYTES + 2048])
def test_a_definition_moves_to_s3_when_it_would_fill_an_item(world: World, packed: int) -> None:
    artifact = artifact_input("rule", definition=incompressible(packed - 1024))
    in_s3 = node_of(artifact).packed_size > items.MAX_INLINE_BYTES

    world.publish(artifact)

    objects = world.s3.list_objects_v2(Bucket=world.name("DefinitionBucket"))
    assert objects["KeyCount"] == int(in_s3)
    assert definitions_of(bundle_of(world, world.export("rule"))) == {"rule": incompressible(packed - 1024)}


def test_a_definition_of_5_mb_is_exported_unchanged(world: World) -> None:
    definition = {"pages": [incompressible(1_000_000, seed) for seed in range(4)], "umlaut": "ä" * 100_000}
    artifact = artifact_input("rule", definition=definition)
    assert len(artifact.definition) > 5_000_000
    world.publish(artifact, artifact_input("root", "rule"))

    assert definitions_of(bundle_of(world, world.export("root"))) == {"rule": definition, "root": {"of": "root"}}


def test_the_largest_definition_is_accepted_and_one_byte_more_is_not() -> None:
    filler = "x" * (MAX_DEFINITION_BYTES - 2)
    assert len(artifact_input("rule", definition=filler).definition) == MAX_DEFINITION_BYTES

    with pytest.raises(InvalidArtifactError, match=str(MAX_DEFINITION_BYTES)) as refusal:
        artifact_input("rule", definition=filler + "x")

    assert refusal.value.pointer == "/definition"


def test_a_definition_that_compresses_well_is_small_whatever_its_size(world: World) -> None:
    artifact = artifact_input("rule", definition="x" * 5_000_000)

    world.publish(artifact)

    assert world.s3.list_objects_v2(Bucket=world.name("DefinitionBucket"))["KeyCount"] == 0
    assert definitions_of(bundle_of(world, world.export("rule"))) == {"rule": "x" * 5_000_000}


def test_dependencies_that_no_item_can_hold_are_refused_before_anything_is_written(world: World) -> None:
    ids = [incompressible(200, seed) for seed in range(3_000)]

    with pytest.raises(InvalidArtifactError) as refusal:
        world.publish(artifact_input("fine"), artifact_input("rule", *ids))

    assert refusal.value.pointer == "/dependencies"
    assert world.dynamodb.scan(TableName=world.name("ArtifactsTable"))["Count"] == 0


def test_artifacts_with_long_edges_are_not_too_many_for_one_transaction(
    catalog_table: CatalogTable, catalog_wire: Wire
) -> None:
    dependencies = [f"{place:03}-{'x' * 252}" for place in range(500)]
    inputs = [artifact_input(f"rule-{place}", *dependencies, tenant="long") for place in range(33)]

    catalog_table.publish(inputs)

    assert len(catalog_table.artifacts.for_tenant("long").nodes([artifact.id for artifact in inputs])) == 33
    transactions = [call for call in catalog_wire.calls if call.operation == "TransactWriteItems"]
    assert max(call.size for call in transactions) <= MAX_TRANSACTION_BYTES


def test_a_dependency_named_twice_is_one_dependency(world: World) -> None:
    world.publish(artifact_input("rule", "b", "a", "b", "a"))

    assert world.artifacts().for_tenant(TENANT).nodes(["rule"])["rule"].dependencies == ("b", "a")


def test_thousands_of_dependencies_keep_their_order(world: World) -> None:
    ids = [f"rule-{place * 7919 % 5000}" for place in range(5_000)]

    assert world.publish(artifact_input("root", *ids)) == PublishSummary(created=1)

    assert world.artifacts().for_tenant(TENANT).nodes(["root"])["root"].dependencies == tuple(ids)


@pytest.mark.parametrize("field", VALID)
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(InvalidArtifactError) as refusal:
        ArtifactInput.from_json({name: value for name, value in VALID.items() if name != field})

    assert refusal.value.pointer == f"/{field}"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"tenantId": ""}, "/tenantId"),
        ({"tenantId": 7}, "/tenantId"),
        ({"artifactId": ""}, "/artifactId"),
        ({"artifactId": "x" * 257}, "/artifactId"),
        ({"artifactId": "line\nbreak"}, "/artifactId"),
        ({"artifactId": "\x00"}, "/artifactId"),
        ({"artifactId": "\ud800"}, "/artifactId"),
        ({"artifactId": None}, "/artifactId"),
        ({"type": "Spreadsheet"}, "/type"),
        ({"type": ["RuleSet"]}, "/type"),
        ({"name": ""}, "/name"),
        ({"name": "\ud800"}, "/name"),
        ({"name": 1}, "/name"),
        ({"status": "archived"}, "/status"),
        ({"status": None}, "/status"),
        ({"dependencies": "rule-1"}, "/dependencies"),
        ({"dependencies": None}, "/dependencies"),
        ({"dependencies": ["rule-1", 2]}, "/dependencies/1"),
        ({"dependencies": ["rule-1", ""]}, "/dependencies/1"),
        ({"dependencies": ["x" * 257]}, "/dependencies/0"),
        ({"definition": float("nan")}, "/definition"),
        ({"definition": [float("inf")]}, "/definition"),
        ({"definition": {"key": "\ud800"}}, "/definition"),
        ({"definition": {"a set is no JSON"}}, "/definition"),
        ({"definition": {1: "a", "b": 2}}, "/definition"),
    ],
    ids=repr,
)
def test_an_invalid_field_is_named(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidArtifactError) as refusal:
        ArtifactInput.from_json({**VALID, **changes})

    assert refusal.value.pointer == pointer


@pytest.mark.parametrize("value", [None, [], "artifact", 7])
def test_an_artifact_is_an_object(value: object) -> None:
    with pytest.raises(InvalidArtifactError) as refusal:
        ArtifactInput.from_json(value)

    assert refusal.value.pointer == ""


def test_a_definition_nested_too_deeply_is_refused() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]

    with pytest.raises(InvalidArtifactError) as refusal:
        ArtifactInput.from_json({**VALID, "definition": nested})

    assert refusal.value.pointer == "/definition"


@pytest.mark.parametrize("definition", [None, True, 0, -1.5, "", "text", [], {}, {"": None}, 10**30, "\x00\x1f"])
def test_any_json_value_is_a_definition(world: World, definition: object) -> None:
    world.publish(ArtifactInput.from_json({**VALID, "definition": definition}))

    found = definitions_of(bundle_of(world, world.export("rule")))["rule"]

    assert json.dumps(found) == json.dumps(definition)
