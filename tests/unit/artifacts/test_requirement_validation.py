"""Validation of requirements, and their way through JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from installhub.artifacts.field_reader import FieldReader
from installhub.artifacts.requirement_validation import MAX_REQUIREMENTS, read_requirements
from installhub.model.requirement import Requirement, RequirementKind, ValueType
from tests.strategies import json_values, requirements


def read(*values: Any) -> tuple[Requirement, ...]:  # noqa: ANN401  # any JSON value
    reader = FieldReader()
    found = read_requirements(reader, list(values), "/requirements")
    assert reader.problems == []
    return found


def pointers(value: object) -> list[str]:
    reader = FieldReader()
    read_requirements(reader, value, "")
    return [problem.pointer for problem in reader.problems]


@given(requirements)
def test_a_requirement_is_read_as_it_was_written(requirement: Requirement) -> None:
    (found,) = read(json.loads(json.dumps(requirement.as_json())))

    assert (found, type(found.default)) == (requirement, type(requirement.default))
    assert Requirement.from_json(requirement.as_json()) == requirement


def test_a_null_is_a_field_that_is_not_set() -> None:
    fields = {"name": "db", "kind": "secret", "description": None, "valueType": None, "default": None}

    assert read(fields) == (Requirement("db", RequirementKind.SECRET),)


@pytest.mark.parametrize(
    "default", ["", "text", 0, -1.5, 10**30, 10**400, True, False], ids=lambda value: repr(value)[:9]
)
def test_a_default_may_be_any_scalar(default: object) -> None:
    (requirement,) = read({"name": "limit", "kind": "variable", "default": default})

    assert json.dumps(requirement.as_json()["default"]) == json.dumps(default)


@pytest.mark.parametrize(
    ("value_type", "valid", "invalid"),
    [
        (ValueType.STRING, "text", 1),
        (ValueType.URL, "https://example.org", True),
        (ValueType.NUMBER, 1.5, "1.5"),
        (ValueType.NUMBER, 10**400, True),
        (ValueType.BOOLEAN, False, 0),
        (ValueType.BOOLEAN, True, "true"),
    ],
)
def test_a_default_has_the_type_of_the_value(value_type: ValueType, valid: object, invalid: object) -> None:
    fields = {"name": "limit", "kind": "variable", "valueType": value_type.value}

    assert read({**fields, "default": valid})[0].default == valid
    assert pointers([{**fields, "default": invalid}]) == ["/0/default"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["/0/kind", "/0/name"]),
        ({"name": "db"}, ["/0/kind"]),
        ({"name": "", "kind": "wish"}, ["/0/kind", "/0/name"]),
        ({"name": "\n", "kind": "secret", "default": "x"}, ["/0/name", "/0/default"]),
        (
            {"kind": "secret", "default": 1, "description": 7, "color": 0},
            ["/0/name", "/0/color", "/0/description", "/0/default"],
        ),
        ({"name": "db", "kind": "variable", "default": "x" * 4_001}, ["/0/default"]),
        ({"name": "db", "kind": "variable", "default": "\ud800"}, ["/0/default"]),
        ({"name": "db", "kind": "variable", "default": []}, ["/0/default"]),
        ({"name": "db", "kind": "variable", "default": float("inf")}, ["/0/default"]),
        ({"name": "db", "kind": "variable", "valueType": "date", "default": 1}, ["/0/valueType", "/0/default"]),
        ({"name": "db", "kind": "variable", "valueType": ["url"]}, ["/0/valueType"]),
        ({"name": "db", "kind": "variable", "description": "x" * 1_001}, ["/0/description"]),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_every_problem_of_a_requirement_is_reported(fields: object, expected: list[str]) -> None:
    assert sorted(pointers([fields])) == sorted(expected)


def test_two_requirements_of_one_name_are_refused() -> None:
    assert pointers([{"name": "db", "kind": "secret"}, {"name": "db", "kind": "variable"}]) == ["/1/name"]


def test_invalid_names_are_not_reported_as_repeated_too() -> None:
    assert pointers([{"name": "", "kind": "secret"}, {"name": 7, "kind": "secret"}]) == ["/0/name", "/1/name"]


@pytest.mark.parametrize("value", [None, "db", {}, 7])
def test_requirements_are_a_list(value: object) -> None:
    assert pointers(value) == [""]


def test_an_artifact_has_at_most_a_hundred_requirements() -> None:
    declared = [{"name": f"db-{number}", "kind": "secret"} for number in range(MAX_REQUIREMENTS + 1)]

    assert len(read(*declared[:-1])) == MAX_REQUIREMENTS == 100
    assert pointers(declared) == [""]


@given(json_values)
def test_any_json_value_is_read_or_refused(value: Any) -> None:  # noqa: ANN401  # drawn
    assert all(pointer == "" or pointer.startswith("/") for pointer in pointers(value))
    assert pointers([value])
