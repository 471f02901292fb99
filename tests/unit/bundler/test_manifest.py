"""The manifest: all fields of the contract, and nothing that differs between exports."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from installhub.bundler.entry_names import entry_path
from installhub.bundler.manifest import build_manifest, encode_manifest
from installhub.contract.response_models import Manifest
from installhub.model.artifact import ArtifactNode, ArtifactType
from installhub.model.requirement import Requirement, RequirementKind, ValueType
from tests.builders import matches_model, node, package
from tests.strategies import ids, printable_texts

ENT = node("ent-44", kind=ArtifactType.ENTITY_SCHEMA, name="EmployeeSchema", size=7)
FORM = node("Form 2005", "ent-44", kind=ArtifactType.ATLAS_FORM, name="EmployeeForm", size=9)


def test_the_summary_is_complete() -> None:
    description = package(name="Suite", version="2.1.0", description="All", author="HR", tags=["b", "a"])

    manifest = build_manifest(description, ["z", "Form 2005", "a"], [ENT, FORM])

    assert manifest == {
        "formatVersion": "1",
        "packageId": description.package_id,
        "name": "Suite",
        "version": "2.1.0",
        "packageType": "workflow-package",
        "description": "All",
        "author": "HR",
        "tags": ["b", "a"],
        "rootArtifacts": ["Form 2005", "a", "z"],
        "artifacts": [
            {
                "type": "EntitySchema",
                "id": "ent-44",
                "name": "EmployeeSchema",
                "path": "artifacts/EntitySchema/ent-44.json",
                "size": 7,
                "sha256": ENT.sha256,
                "dependencies": [],
            },
            {
                "type": "AtlasForm",
                "id": "Form 2005",
                "name": "EmployeeForm",
                "path": entry_path(ArtifactType.ATLAS_FORM, "Form 2005"),
                "size": 9,
                "sha256": FORM.sha256,
                "dependencies": ["ent-44"],
            },
        ],
        "installOrder": ["ent-44", "Form 2005"],
    }


def test_optional_fields_are_null_or_empty() -> None:
    manifest = build_manifest(package(), ["ent-44"], [ENT])

    assert (manifest["description"], manifest["author"], manifest["tags"]) == (None, None, [])


def test_repeated_exports_have_equal_manifests() -> None:
    manifest = build_manifest(package(), ["ent-44"], [ENT])

    assert not {"exportedAt", "exportedBy", "tenantId", "checksum"} & manifest.keys()


@given(st.permutations(["c", "a", "b"]))
def test_the_requested_order_makes_no_difference(roots: list[str]) -> None:
    assert build_manifest(package(), roots, [ENT]) == build_manifest(package(), ["a", "b", "c"], [ENT])


def test_the_body_fits_the_model_in_the_api_document() -> None:
    manifest = build_manifest(package(), ["ent-44"], [ENT, FORM])

    assert matches_model(Manifest, encode_manifest(manifest))


@given(
    st.lists(st.builds(lambda text, name: node(text, text, name=name), ids, printable_texts), max_size=4),
    printable_texts,
    st.none() | st.text(),
)
def test_the_file_is_json_in_utf_8_for_any_text(
    artifacts: list[ArtifactNode], name: str, description: str | None
) -> None:
    manifest = build_manifest(package(name=name, description=description), ["r"], artifacts)

    assert json.loads(encode_manifest(manifest)) == manifest


def test_the_file_has_one_line_per_artifact_for_readable_diffs() -> None:
    lines = encode_manifest(build_manifest(package(), ["ent-44"], [ENT, FORM])).decode().splitlines()

    assert [json.loads(line.strip().rstrip(","))["id"] for line in lines if "sha256" in line] == ["ent-44", "Form 2005"]
    assert lines[0] == "{"
    assert lines[-1] == "}"


def test_requirements_are_gathered_and_name_the_artifacts_that_declare_them() -> None:
    mail = Requirement("mail", RequirementKind.CONNECTION, description="The mail server")
    limit = Requirement("limit", RequirementKind.VARIABLE, value_type=ValueType.NUMBER, default=3)
    artifacts = [replace(ENT, requirements=(mail, limit)), replace(FORM, requirements=(mail,))]

    manifest = build_manifest(package(), ["ent-44"], artifacts)

    assert manifest["requirements"] == [
        {"name": "limit", "kind": "variable", "valueType": "number", "default": 3, "requiredBy": ["ent-44"]},
        {
            "name": "mail",
            "kind": "connection",
            "description": "The mail server",
            "requiredBy": ["Form 2005", "ent-44"],
        },
    ]
    assert json.loads(encode_manifest(manifest)) == manifest
    Manifest.model_validate(manifest)
    assert manifest["formatVersion"] == "1"


def test_a_bundle_without_requirements_has_the_manifest_it_always_had() -> None:
    assert "requirements" not in build_manifest(package(), ["ent-44"], [ENT, FORM])
