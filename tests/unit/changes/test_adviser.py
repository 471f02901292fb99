"""The SemVer adviser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.changes.adviser import manifest_reasons
from installhub.changes.manifest_diff import compare_manifests
from installhub.changes.rules import RULES, Bump, Rule, highest
from installhub.model.artifact import ArtifactType
from installhub.model.requirement import Requirement, RequirementKind, ValueType
from tests.unit.changes.building import Contents, reasons

PAGE: Final = Path(__file__).parents[3] / "docs" / "semver.md"
ROOT: Final = "root"
SCHEMA: Final = ArtifactType.ENTITY_SCHEMA
FIELDS: Final[list[dict[str, Any]]] = [{"name": "a", "type": "string", "required": True}, {"name": "b", "type": "date"}]
PLAIN: Final = Requirement("x", RequirementKind.VARIABLE)
WITH_DEFAULT: Final = Requirement("x", RequirementKind.VARIABLE, default="d")


def schema(*fields: dict[str, Any], **more: Any) -> Contents:  # noqa: ANN401  # any JSON value
    return (
        Contents()
        .with_artifact(ROOT, kind=ArtifactType.RULE_SET)
        .with_artifact("s", kind=SCHEMA, definition={"fields": list(fields), **more})
    )


def json_schema(properties: dict[str, Any], *required: str) -> Contents:
    return schema().with_artifact("s", kind=SCHEMA, definition={"properties": properties, "required": list(required)})


def requiring(*requirements: Requirement) -> Contents:
    return schema(*FIELDS).with_artifact("r", requirements=requirements)


BASE: Final = schema(*FIELDS)
EXTENDED: Final[list[dict[str, Any]]] = [*FIELDS, {"name": "c", "type": "string"}]

CASES: Final[dict[str, tuple[Contents, Contents, list[tuple[Rule, str, str]]]]] = {
    "the same": (BASE, BASE, []),
    "removed artifact": (BASE.with_artifact("x"), BASE, [(Rule.ARTIFACT_REMOVED, "x", "/artifacts/2")]),
    "added artifact": (BASE, BASE.with_artifact("x"), [(Rule.ARTIFACT_ADDED, "x", "/artifacts/2")]),
    "root of another type": (
        BASE,
        BASE.with_artifact(ROOT, kind=ArtifactType.ATLAS_FORM),
        [(Rule.ROOT_RETYPED, ROOT, "/artifacts/0/type")],
    ),
    "another artifact of another type": (
        BASE.with_artifact("x"),
        BASE.with_artifact("x", kind=ArtifactType.RULE_SET),
        [(Rule.OTHER_CHANGE, "x", "/artifacts/2")],
    ),
    "schema became something else": (
        BASE,
        BASE.with_artifact("s", definition={"fields": FIELDS}),
        [(Rule.SCHEMA_REPLACED, "s", "/artifacts/1/type")],
    ),
    "removed field": (BASE, schema(FIELDS[0]), [(Rule.FIELD_REMOVED, "s", "/fields/1")]),
    "retyped field": (
        BASE,
        schema(FIELDS[0], {"name": "b", "type": "time"}),
        [(Rule.FIELD_RETYPED, "s", "/fields/1")],
    ),
    "newly required field": (
        BASE,
        schema({**FIELDS[1], "required": True}, FIELDS[0]),
        [(Rule.FIELD_REQUIRED, "s", "/fields/0")],
    ),
    "added required field": (
        BASE,
        schema(*EXTENDED[:2], {**EXTENDED[2], "required": True}),
        [(Rule.FIELD_REQUIRED, "s", "/fields/2")],
    ),
    "added optional field": (BASE, schema(*EXTENDED), [(Rule.OPTIONAL_FIELD_ADDED, "s", "/fields/2")]),
    "field no longer required": (
        BASE,
        schema({**FIELDS[0], "required": False}, FIELDS[1]),
        [(Rule.OTHER_CHANGE, "s", "/artifacts/1")],
    ),
    "other part of a schema": (BASE, schema(*FIELDS, indexes=[]), [(Rule.OTHER_CHANGE, "s", "/artifacts/1")]),
    "removed property": (
        json_schema({"a/b": {"type": "string"}}),
        json_schema({}),
        [(Rule.FIELD_REMOVED, "s", "/properties/a~1b")],
    ),
    "newly required property": (
        json_schema({"a": {}}),
        json_schema({"a": {}}, "a"),
        [(Rule.FIELD_REQUIRED, "s", "/properties/a")],
    ),
    "schema of another shape": (
        schema().with_artifact("s", kind=SCHEMA, definition=["a"]),
        schema().with_artifact("s", kind=SCHEMA, definition=["b"]),
        [(Rule.SCHEMA_NOT_READ, "s", "")],
    ),
    "schema lost its shape": (
        BASE,
        BASE.with_artifact("s", kind=SCHEMA, definition={"columns": []}),
        [(Rule.SCHEMA_NOT_READ, "s", "")],
    ),
    "requirement without default": (
        requiring(),
        requiring(PLAIN),
        [(Rule.REQUIREMENT_ADDED, "r", "/requirements/0"), (Rule.OTHER_CHANGE, "r", "/artifacts/2")],
    ),
    "requirement with default": (
        requiring(),
        requiring(WITH_DEFAULT),
        [(Rule.REQUIREMENT_WITH_DEFAULT_ADDED, "r", "/requirements/0"), (Rule.OTHER_CHANGE, "r", "/artifacts/2")],
    ),
    "lost default": (
        requiring(WITH_DEFAULT),
        requiring(PLAIN),
        [(Rule.REQUIREMENT_ADDED, "r", "/requirements/0"), (Rule.OTHER_CHANGE, "r", "/artifacts/2")],
    ),
    "another value type": (
        requiring(PLAIN),
        requiring(Requirement("x", RequirementKind.VARIABLE, value_type=ValueType.URL)),
        [(Rule.REQUIREMENT_ADDED, "r", "/requirements/0"), (Rule.OTHER_CHANGE, "r", "/artifacts/2")],
    ),
    "another description": (
        requiring(PLAIN),
        requiring(Requirement("x", RequirementKind.VARIABLE, description="d")),
        [(Rule.OTHER_CHANGE, "r", "/artifacts/2")],
    ),
    "removed requirement": (requiring(PLAIN), requiring(), [(Rule.OTHER_CHANGE, "r", "/artifacts/2")]),
    "another dependency": (
        BASE,
        BASE.with_artifact(ROOT, "s", kind=ArtifactType.RULE_SET),
        [(Rule.OTHER_CHANGE, ROOT, "/artifacts/0")],
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), CASES.values(), ids=CASES)
def test_each_change_has_its_rule_with_artifact_and_pointer(
    old: Contents, new: Contents, expected: list[tuple[Rule, str, str]]
) -> None:
    found = reasons(old, new, ROOT)

    assert [(reason.rule, reason.artifact_id, reason.pointer) for reason in found] == expected
    for reason in found:
        document = (old if reason.side == "from" else new).manifest(ROOT)
        artifact = (old if reason.side == "from" else new)[str(reason.artifact_id)]
        assert exists(document if reason.document == "manifest" else artifact[1], reason.pointer)


def exists(document: Any, pointer: str) -> bool:  # noqa: ANN401  # any JSON value
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    return True


def test_a_changed_package_field_is_a_patch() -> None:
    old = BASE.manifest(ROOT)
    (reason,) = manifest_reasons(compare_manifests(old, {**old, "tags": ["new"]}))
    assert (reason.rule, reason.artifact_id, reason.pointer) == (Rule.OTHER_CHANGE, None, "/tags")


def test_the_highest_rule_decides() -> None:
    assert highest([]) is Bump.NONE
    assert highest([Rule.OTHER_CHANGE]) is Bump.PATCH
    assert highest([Rule.OTHER_CHANGE, Rule.ARTIFACT_ADDED, Rule.OTHER_CHANGE]) is Bump.MINOR
    assert highest([Rule.FIELD_REMOVED, Rule.ARTIFACT_ADDED]) is Bump.MAJOR


_STEPS: Final[dict[str, Callable[[Contents], Contents]]] = {
    "add": lambda contents: contents.with_artifact("new"),
    "remove": lambda contents: contents.without("old"),
    "retype root": lambda contents: contents.with_artifact(ROOT, kind=ArtifactType.APP_DEFINITION),
    "rename": lambda contents: contents.with_artifact("named", name="Other"),
    "definition": lambda contents: contents.with_artifact("plain", definition=2),
    "require": lambda contents: contents.with_artifact("requiring", requirements=(PLAIN,)),
    "require with default": lambda contents: contents.with_artifact(
        "optional", requirements=(Requirement("y", RequirementKind.VARIABLE, default=1),)
    ),
    "add field": lambda contents: with_fields(contents, lambda fields: [*fields, {"name": "z", "type": "date"}]),
    "remove field": lambda contents: with_fields(contents, lambda fields: [f for f in fields if f["name"] != "a"]),
    "retype field": lambda contents: with_fields(
        contents, lambda fields: [{**f, "type": "time"} if f["name"] == "b" else f for f in fields]
    ),
    "label field": lambda contents: with_fields(contents, lambda fields: [{**f, "label": "L"} for f in fields]),
    "replace schema": lambda contents: contents.with_artifact("s", definition=1),
}
_START: Final = (
    BASE.with_artifact("old")
    .with_artifact("named")
    .with_artifact("plain")
    .with_artifact("requiring")
    .with_artifact("optional")
)


def with_fields(contents: Contents, change: Any) -> Contents:  # noqa: ANN401  # a function of the fields
    _, definition = contents["s"]
    if not isinstance(definition, dict):
        return contents
    return contents.with_artifact("s", kind=SCHEMA, definition={"fields": change(definition["fields"])})


@given(st.lists(st.sampled_from(sorted(_STEPS)), unique=True))
def test_another_change_never_lowers_the_suggestion(steps: list[str]) -> None:
    contents, rank = _START, 0
    for step in steps:
        contents = _STEPS[step](contents)
        suggested = highest(reason.rule for reason in reasons(_START, contents, ROOT))
        assert suggested.rank >= rank
        rank = suggested.rank


def test_every_rule_is_in_the_table_of_the_documentation_with_its_step() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \|$", PAGE.read_text(), re.MULTILINE)

    assert rows == [(rule.value, RULES[rule].bump.value, RULES[rule].description) for rule in Rule]
    assert set(RULES) == set(Rule)


def test_the_cases_cover_every_rule() -> None:
    assert {rule for _, _, expected in CASES.values() for rule, *_ in expected} == set(Rule)


def test_field_names_in_reasons_are_shortened() -> None:
    name = "n" * 100_000
    (reason,) = reasons(BASE, schema(*FIELDS, {"name": name, "type": "x"}), ROOT)

    assert len(json.dumps(reason.detail)) < 400
