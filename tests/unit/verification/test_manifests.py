"""Manifests: each field has to be of the right kind, and unknown ones are ignored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from installhub.verification.consistency import check_consistency
from installhub.verification.manifest import read_manifest
from installhub.verification.reasons import Reason, VerificationError
from tests.forged_bundles import taken_apart

ID: Final = "pkg-a3f9c821-4b2e-59d1-bc44-f7e2a1c09d33"
OF_TEXT: Final[tuple[object, ...]] = (None, 1, [], {}, True)
OF_OPTIONAL_TEXT: Final[tuple[object, ...]] = (1, [], {}, True, "\ud800")
OF_IDS: Final[tuple[object, ...]] = (None, "a", {}, 1, [""], [1], [None], ["a" * 257], ["a\n"])

PACKAGE: Final[dict[str, tuple[object, ...]]] = {
    "packageId": (
        *OF_TEXT,
        "",
        "pkg-1",
        ID.upper(),
        f"{ID}\n",
    ),
    "name": (*OF_TEXT, "", "\ud800"),
    "version": (*OF_TEXT, "", "1", "v1.0.0", "1.0.0\n"),
    "packageType": (*OF_TEXT, "", "App"),
    "description": OF_OPTIONAL_TEXT,
    "author": OF_OPTIONAL_TEXT,
    "tags": (None, "a", {}, 1, [1], ["\ud800"]),
    "rootArtifacts": (*OF_IDS, []),
    "artifacts": (None, {}, 1, [], [1]),
    "installOrder": (*OF_IDS, []),
    "requirements": ({}, 1, [], [1], "a"),
}
ARTIFACT: Final[dict[str, tuple[object, ...]]] = {
    "type": (*OF_TEXT, "", "Nothing"),
    "id": (*OF_TEXT, "", "a" * 257, "a\n", "\ud800"),
    "name": (*OF_TEXT, "", "\ud800"),
    "path": (*OF_TEXT, "\ud800"),
    "size": (None, "1", 1.5, -1, True, []),
    "sha256": (*OF_TEXT, "", "a" * 63, "a" * 65, "A" * 64, "g" * 64),
    "dependencies": OF_IDS,
}
REQUIREMENT: Final[dict[str, tuple[object, ...]]] = {
    "name": (*OF_TEXT, "", "a" * 257, "a\n"),
    "kind": (*OF_TEXT, "", "password"),
    "description": OF_OPTIONAL_TEXT,
    "valueType": (1, [], "", "integer"),
    "requiredBy": (*OF_IDS, []),
    "default": ([], {}, "\ud800"),
}

Find = Callable[[Any], Any]
PLACES: Final[dict[str, tuple[dict[str, tuple[object, ...]], Find]]] = {
    "": (PACKAGE, lambda manifest: manifest),
    "/artifacts/1": (ARTIFACT, lambda manifest: manifest["artifacts"][1]),
    "/requirements/0": (REQUIREMENT, lambda manifest: manifest["requirements"][0]),
}
CASES: Final = [
    pytest.param(pointer, name, value, id=f"{pointer}/{name} {str(value)[:12]!a}")
    for pointer, (fields, _) in PLACES.items()
    for name, values in fields.items()
    for value in values
]
REQUIRED: Final = [
    pytest.param(pointer, name, id=f"{pointer}/{name}")
    for pointer, (fields, _) in PLACES.items()
    for name in fields
    if name not in {"description", "author", "requirements", "valueType", "default"}
]


def refused(manifest: object) -> tuple[Reason, str]:
    with pytest.raises(VerificationError) as raised:
        read_manifest(manifest)
    return raised.value.reason, raised.value.place


@pytest.mark.parametrize(("pointer", "name", "value"), CASES)
def test_a_field_of_the_wrong_kind_is_refused(pointer: str, name: str, value: object) -> None:
    manifest = taken_apart().manifest()
    PLACES[pointer][1](manifest)[name] = value

    reason, place = refused(manifest)

    assert reason is Reason.FIELD_WRONG
    assert place.startswith(f"{pointer}/{name}")


@pytest.mark.parametrize(("pointer", "name"), REQUIRED)
def test_a_field_that_is_missing_is_refused(pointer: str, name: str) -> None:
    manifest = taken_apart().manifest()
    del PLACES[pointer][1](manifest)[name]

    assert refused(manifest) == (Reason.FIELD_WRONG, f"{pointer}/{name}")


@pytest.mark.parametrize("name", ["description", "author", "requirements"])
def test_what_is_optional_may_be_missing_or_null(name: str) -> None:
    manifest = taken_apart().manifest()
    manifest[name] = None if name != "requirements" else manifest[name][:1]
    read_manifest(manifest)
    del manifest[name]

    assert read_manifest(manifest).name == "Suite"


@pytest.mark.parametrize(
    ("value_type", "default", "is_right"),
    [
        (None, "x", True),
        (None, 1, True),
        (None, 1.5, True),
        (None, False, True),
        ("string", "", True),
        ("url", "https://x.example", True),
        ("number", 0, True),
        ("number", 10**400, True),
        ("boolean", True, True),
        ("string", 1, False),
        ("url", False, False),
        ("number", "1", False),
        ("number", True, False),
        ("number", float("inf"), False),
        ("boolean", 1, False),
        ("boolean", "true", False),
    ],
)
def test_a_default_is_of_its_type(value_type: str | None, default: object, is_right: bool) -> None:  # noqa: FBT001
    manifest = taken_apart().manifest()
    requirement = manifest["requirements"][0]
    requirement.update(kind="variable", valueType=value_type, default=default)
    if is_right:
        assert read_manifest(manifest).requirements[0].name == "crm"
    else:
        assert refused(manifest) == (Reason.FIELD_WRONG, "/requirements/0/default")
    requirement["kind"] = "secret"
    assert refused(manifest) == (Reason.FIELD_WRONG, "/requirements/0/default")


def test_unknown_fields_are_ignored() -> None:
    manifest = taken_apart().manifest()
    for _, find in PLACES.values():
        find(manifest)["later"] = {}

    check_consistency(read_manifest(manifest))


def test_ids_and_versions_may_be_as_long_as_the_hub_allows() -> None:
    manifest = taken_apart().manifest()
    manifest["artifacts"][1]["dependencies"] = ["a" * 256]
    manifest["version"] = "1.0.0-" + "a" * 250

    assert read_manifest(manifest).artifacts[1].dependencies == ("a" * 256,)
