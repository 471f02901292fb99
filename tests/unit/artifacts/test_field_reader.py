"""Validation of artifacts: every problem is reported at once, each with its pointer."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.artifacts.field_reader import MAX_PROBLEMS
from installhub.artifacts.validation import ArtifactInput, InvalidArtifactError
from tests.strategies import json_values

VALID: Final[dict[str, Any]] = {
    "tenantId": "tenant-a",
    "artifactId": "rule",
    "type": "RuleSet",
    "name": "Rule",
    "status": "published",
    "dependencies": ["b"],
    "definition": {},
}


def pointers(value: object) -> list[str]:
    with pytest.raises(InvalidArtifactError) as refusal:
        ArtifactInput.from_json(value)
    return [problem.pointer for problem in refusal.value.problems]


def changed(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON value
    return {**VALID, **changes}


def test_every_problem_is_reported_at_once() -> None:
    artifact = {
        "artifactId": "",
        "type": "Spreadsheet",
        "name": "x" * 1_001,
        "dependencies": ["a", 2, "b", "line\nbreak", "x" * 257],
        "definition": float("inf"),
        "requirements": [{"name": "db", "kind": "connection"}, {"kind": "wish"}, 3],
        "color": "red",
    }

    assert sorted(pointers(artifact)) == [
        "/artifactId",
        "/color",
        "/definition",
        "/dependencies/1",
        "/dependencies/3",
        "/dependencies/4",
        "/name",
        "/requirements/1/kind",
        "/requirements/1/name",
        "/requirements/2",
        "/status",
        "/tenantId",
        "/type",
    ]


def test_the_names_of_unknown_fields_are_escaped_and_shortened() -> None:
    found = pointers(changed(**{"a/b~c": 1, "": 2, "x" * 1_000: 3}))

    assert sorted(found) == sorted(["/a~1b~0c", "/", f"/{'x' * 200}…"])


def test_a_pointer_can_be_written_as_utf_8() -> None:
    (pointer,) = pointers(changed(**{"\ud800": 1}))

    assert pointer.encode()


def test_no_more_than_a_thousand_problems_are_reported() -> None:
    assert len(pointers(changed(dependencies=[None] * 5_000, type=0))) == MAX_PROBLEMS == 1_000


@given(st.dictionaries(st.sampled_from([*VALID, "requirements"]) | st.text(), json_values) | json_values)
def test_any_json_value_is_an_artifact_or_refused_with_valid_pointers(value: Any) -> None:  # noqa: ANN401  # drawn
    candidate = {**VALID, **value} if isinstance(value, dict) else value
    problems = []
    try:
        ArtifactInput.from_json(candidate)
    except InvalidArtifactError as error:
        problems = error.problems
    assert all(pointer == "" or pointer.startswith("/") for pointer, _ in problems)
    assert len("".join(pointer + detail for pointer, detail in problems).encode()) >= len(problems)


@pytest.mark.parametrize(
    ("count", "length"), [(10_000, 20), (500, 256), (501, 256), (1, 256)], ids=["many", "long", "deflated", "one"]
)
def test_thousands_of_dependencies_are_accepted(count: int, length: int) -> None:
    ids = [f"{number:05}".ljust(length, "x") for number in range(count)]

    assert ArtifactInput.from_json(changed(dependencies=ids)).dependencies == tuple(ids)


def test_an_artifact_may_depend_on_itself() -> None:
    assert ArtifactInput.from_json(changed(dependencies=["rule"])).dependencies == ("rule",)


def test_requirements_that_no_item_can_hold_are_refused() -> None:
    requirements = [
        {"name": f"db-{number}", "kind": "variable", "description": "é" * 1_000, "default": "é" * 4_000}
        for number in range(100)
    ]

    assert pointers(changed(requirements=requirements)) == ["/dependencies"]
