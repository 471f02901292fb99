"""Reads the fields of EntitySchemas, in either of the shapes that definitions have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from installhub.changes.json_diff import pointer_to

_TYPE_KEYWORDS: Final = ("type", "$ref")
"""What determines the type of a property in a JSON Schema; other keywords restrict its values."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an EntitySchema.

    Attributes:
        type: Its type, as text that is the same for equal types.
        is_required: Whether a record needs it.
        pointer: JSON pointer to it in the definition.
    """

    type: str
    is_required: bool
    pointer: str


def read_fields(definition: object) -> dict[str, Field] | None:
    """The fields of an EntitySchema by name; None if the definition has another shape.

    The shapes are ``{"fields": [{"name", "type", "required"}]}`` and a JSON Schema with ``properties`` and
    ``required``.
    """
    if not isinstance(definition, Mapping):
        return None
    if "fields" in definition:
        return _listed_fields(definition["fields"])
    if "properties" in definition:
        return _properties(definition["properties"], definition.get("required", []))
    return None


def _listed_fields(listed: object) -> dict[str, Field] | None:
    if not isinstance(listed, list):
        return None
    fields: dict[str, Field] = {}
    for index, field in enumerate(listed):
        if not isinstance(field, Mapping):
            return None
        name, is_required = field.get("name"), field.get("required", False)
        if not isinstance(name, str) or name in fields or "type" not in field or not isinstance(is_required, bool):
            return None
        fields[name] = Field(_canonical(field["type"]), is_required, f"/fields/{index}")
    return fields


def _properties(properties: object, required: object) -> dict[str, Field] | None:
    if not isinstance(properties, Mapping) or not isinstance(required, list):
        return None
    if not all(isinstance(name, str) for name in required):
        return None
    if not all(isinstance(schema, Mapping | bool) for schema in properties.values()):
        return None
    needed = set(required)
    fields = {
        name: Field(_type_of(schema), name in needed, pointer_to("/properties", name))
        for name, schema in properties.items()
    }
    # A required property needs no schema.
    undescribed = {name: Field(_type_of(True), True, "/required") for name in required if name not in fields}  # noqa: FBT003
    return {**fields, **undescribed}


def _type_of(schema: Mapping[str, Any] | bool) -> str:  # noqa: FBT001  # a JSON Schema may be a Boolean
    if isinstance(schema, bool):
        return _canonical({}) if schema else _canonical(schema)
    keywords = {keyword: schema[keyword] for keyword in _TYPE_KEYWORDS if keyword in schema}
    if "type" in keywords:  # one, or any of several in no particular order
        types = keywords["type"]
        keywords["type"] = sorted(map(_canonical, types if isinstance(types, list) else [types]))
    return _canonical(keywords)


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
