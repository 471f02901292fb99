"""Artifacts to be published: what a valid one contains, and the limits of its fields."""

from __future__ import annotations

from typing import Any

import pytest

from installhub.artifacts.validation import ArtifactInput, InvalidArtifactError
from installhub.model.artifact import MAX_NAME_LENGTH, ArtifactNode, ArtifactStatus, ArtifactType
from installhub.model.definition import sha256_hex

VALID: dict[str, Any] = {
    "tenantId": "acme",
    "artifactId": "rule",
    "type": "RuleSet",
    "name": "Prüfung\n2",
    "status": "draft",
    "dependencies": ["b", "a", "b"],
    "definition": {"ä": 1},
}
DEFINITION = '{"ä":1}'.encode()


def problems_of(value: object) -> list[tuple[str, str]]:
    """Return the pointers and the details of the refusal of an artifact."""
    with pytest.raises(InvalidArtifactError) as refusal:
        ArtifactInput.from_json(value)
    assert refusal.value.pointer == refusal.value.problems[0].pointer
    return [(pointer, detail) for pointer, detail in refusal.value.problems]


def refusal_of(**changes: object) -> tuple[str, str]:
    """Return the pointer and the detail of the only problem of an artifact with ``changes``."""
    (problem,) = problems_of({**VALID, **changes})
    return problem


def test_an_artifact_is_read_with_every_field() -> None:
    artifact = ArtifactInput.from_json(VALID)

    assert artifact == ArtifactInput(
        tenant="acme",
        id="rule",
        type=ArtifactType.RULE_SET,
        name="Prüfung\n2",
        status=ArtifactStatus.DRAFT,
        dependencies=("b", "a"),
        definition=DEFINITION,
        references=b"[]",
    )
    assert artifact.to_node(packed_size=5) == ArtifactNode(
        id="rule",
        type=ArtifactType.RULE_SET,
        name="Prüfung\n2",
        status=ArtifactStatus.DRAFT,
        dependencies=("b", "a"),
        sha256=sha256_hex(DEFINITION),
        size=len(DEFINITION),
        packed_size=5,
    )


@pytest.mark.parametrize("value", [None, [], "text"])
def test_anything_but_an_object_is_refused(value: object) -> None:
    assert problems_of(value) == [("", "is not an object")]


def test_all_missing_and_unknown_fields_are_named() -> None:
    present = {name: VALID[name] for name in ("tenantId", "artifactId", "type", "name")}

    assert problems_of({**present, "colour/tone": "red"}) == [
        ("/definition", "is missing"),
        ("/dependencies", "is missing"),
        ("/status", "is missing"),
        ("/colour~1tone", "is not a known field"),
    ]
    assert problems_of({"status": "draft", "dependencies": [], "definition": {}}) == [
        (f"/{name}", "is missing") for name in ("artifactId", "name", "tenantId", "type")
    ]


@pytest.mark.parametrize(("field", "maximum"), [("tenantId", 256), ("artifactId", 256), ("name", 1_000)])
def test_texts_have_a_maximum_length(field: str, maximum: int) -> None:
    ArtifactInput.from_json({**VALID, field: "x" * maximum})
    ArtifactInput.from_json({**VALID, field: "x"})

    for value in ("", "x" * (maximum + 1), 7):
        assert refusal_of(**{field: value}) == (f"/{field}", f"is not a string of 1 to {maximum} characters")
    assert MAX_NAME_LENGTH == 1_000


def test_the_refusal_of_an_unknown_type_or_status_lists_the_known_ones() -> None:
    assert refusal_of(type="Sheet") == ("/type", f"is not one of {', '.join(ArtifactType)}")
    assert refusal_of(status="gone") == ("/status", f"is not one of {', '.join(ArtifactStatus)}")


def test_an_id_must_be_printable_and_a_name_must_be_encodable() -> None:
    assert refusal_of(artifactId="a\nb")[0] == "/artifactId"
    assert refusal_of(name="\ud800")[0] == "/name"
    assert refusal_of(dependencies=["a", "a\nb"])[0] == "/dependencies/1"
    assert refusal_of(dependencies={"a": 1})[0] == "/dependencies"


def test_a_definition_that_is_no_json_is_refused() -> None:
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    for definition in (float("nan"), {1, 2}, {1: "a", "b": 2}, nested):
        assert refusal_of(definition=definition)[0] == "/definition"
