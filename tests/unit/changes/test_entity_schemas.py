"""Fields of EntitySchemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given

from installhub.changes.entity_schemas import read_fields
from tests.strategies import json_values

SAMPLES: Final = Path(__file__).parents[3] / "local" / "sample"
SCHEMAS: Final = [
    artifact
    for path in sorted(SAMPLES.glob("tenant-*.json"))
    for artifact in json.loads(path.read_text())
    if artifact["type"] == "EntitySchema"
]


def described(definition: object) -> dict[str, tuple[str, bool, str]] | None:
    fields = read_fields(definition)
    if fields is None:
        return None
    return {name: (field.type, field.is_required, field.pointer) for name, field in fields.items()}


@pytest.mark.parametrize("artifact", SCHEMAS, ids=lambda artifact: ascii(artifact["artifactId"]))
def test_the_schemas_of_the_sample_tenants_are_read(artifact: dict[str, Any]) -> None:
    fields = read_fields(artifact["definition"])

    assert fields is not None
    assert list(fields) == [field["name"] for field in artifact["definition"]["fields"]]


def test_fields_have_type_pointer_and_whether_they_are_required() -> None:
    listed = [{"name": "a", "type": "string", "required": True}, {"name": "b", "type": {"set": "x"}, "length": 3}]

    assert described({"fields": listed}) == {
        "a": ('"string"', True, "/fields/0"),
        "b": ('{"set": "x"}', False, "/fields/1"),
    }


def test_properties_of_a_json_schema_are_fields() -> None:
    properties = {"a/b": {"type": "string", "maxLength": 3}, "c": {"$ref": "#/$defs/c"}, "d": True}

    assert described({"properties": properties, "required": ["c", "e"]}) == {
        "a/b": ('{"type": ["\\"string\\""]}', False, "/properties/a~1b"),
        "c": ('{"$ref": "#/$defs/c"}', True, "/properties/c"),
        "d": ("{}", False, "/properties/d"),
        "e": ("{}", True, "/required"),
    }


@pytest.mark.parametrize(
    ("one", "other"), [("string", ["string"]), (["string", "null"], ["null", "string"]), (["null", 1], [1, "null"])]
)
def test_types_of_a_json_schema_have_no_order(one: object, other: object) -> None:
    first, second = (read_fields({"properties": {"x": {"type": types}}}) for types in (one, other))

    assert first == second


@pytest.mark.parametrize(
    "definition",
    [
        None,
        [],
        "fields",
        {},
        {"fields": {}},
        {"fields": ["a"]},
        {"fields": [{"type": "string"}]},
        {"fields": [{"name": "a"}]},
        {"fields": [{"name": 1, "type": "string"}]},
        {"fields": [{"name": "a", "type": "string"}, {"name": "a", "type": "string"}]},
        {"fields": [{"name": "a", "type": "string", "required": "yes"}]},
        {"properties": []},
        {"properties": {"a": 1}},
        {"properties": {}, "required": True},
        {"properties": {}, "required": [1]},
    ],
    ids=json.dumps,
)
def test_other_shapes_are_not_read(definition: object) -> None:
    assert read_fields(definition) is None


@given(json_values)
def test_any_definition_is_read_or_not(definition: object) -> None:
    assert read_fields(definition) is None or isinstance(definition, dict)
    read_fields({"fields": definition})
    read_fields({"properties": definition, "required": definition})
