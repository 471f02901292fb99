"""Bills of materials are valid CycloneDX 1.6 and say what the manifest says."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given
from hypothesis import strategies as st

from installhub.bundler.manifest import build_manifest
from installhub.contract.sbom_bodies import sbom_body
from installhub.contract.sbom_models import BillOfMaterials
from installhub.model.artifact import ArtifactNode, ArtifactType
from installhub.model.hub import HUB_VERSION
from installhub.model.requirement import Requirement, RequirementKind, ValueType
from tests.builders import node, package, record

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20)


def bill(nodes: list[ArtifactNode], roots: list[str], **described: Any) -> dict[str, Any]:  # noqa: ANN401
    description = package(**described)
    body = sbom_body(replace(record(), description=description), build_manifest(description, roots, nodes))
    assert VALIDATOR.validate_str(json.dumps(body, ensure_ascii=False)) is None
    BillOfMaterials.model_validate_json(json.dumps(body))
    return body


def sample() -> list[ArtifactNode]:
    crm = Requirement("crm", RequirementKind.CONNECTION, "The CRM.", ValueType.URL, "https://crm.example")
    key = Requirement("key", RequirementKind.SECRET)
    return [
        node("schema", kind=ArtifactType.ENTITY_SCHEMA),
        replace(node("form", "schema", kind=ArtifactType.ATLAS_FORM), requirements=(crm,)),
        replace(node("app", "form", "schema", kind=ArtifactType.APP_DEFINITION), requirements=(key, crm)),
    ]


def test_it_describes_the_package() -> None:
    body = bill(sample(), ["app"], description="All of it", author="HR", tags=["hr"])

    assert body["serialNumber"] == "urn:uuid:" + str(uuid.UUID(body["serialNumber"][9:], version=5))
    assert body["metadata"]["timestamp"] == "2026-05-25T09:00:00Z"
    assert body["metadata"]["tools"]["components"] == [
        {"type": "application", "name": "InstallHub", "version": HUB_VERSION}
    ]
    described = body["metadata"]["component"]
    assert (described["name"], described["version"]) == ("Employee Onboarding", "2.1.0")
    assert (described["description"], described["authors"], described["tags"]) == (
        "All of it",
        [{"name": "HR"}],
        ["hr"],
    )
    assert described["hashes"] == [{"alg": "SHA-256", "content": record().checksum.removeprefix("sha256:")}]


def test_every_artifact_is_a_component_with_its_digest() -> None:
    nodes = sample()
    components = bill(nodes, ["app"])["components"]

    assert [component["bom-ref"] for component in components] == ["artifact:schema", "artifact:form", "artifact:app"]
    assert [component["hashes"][0]["content"] for component in components] == [listed.sha256 for listed in nodes]
    assert components[0]["properties"] == [
        {"name": "installhub:id", "value": "schema"},
        {"name": "installhub:type", "value": "EntitySchema"},
        {"name": "installhub:path", "value": "artifacts/EntitySchema/schema.json"},
        {"name": "installhub:size", "value": "2"},
    ]


def test_requirements_are_services_without_their_default_values() -> None:
    body = bill(sample(), ["app"])

    assert body["services"] == [
        {
            "bom-ref": "requirement:crm",
            "name": "crm",
            "description": "The CRM.",
            "properties": [
                {"name": "installhub:kind", "value": "connection"},
                {"name": "installhub:valueType", "value": "url"},
            ],
        },
        {
            "bom-ref": "requirement:key",
            "name": "key",
            "properties": [{"name": "installhub:kind", "value": "secret"}],
        },
    ]
    assert "crm.example" not in json.dumps(body)


def test_the_dependencies_are_the_graph() -> None:
    body = bill(sample(), ["app", "form"])

    assert body["dependencies"] == [
        {"ref": body["metadata"]["component"]["bom-ref"], "dependsOn": ["artifact:app", "artifact:form"]},
        {"ref": "artifact:schema", "dependsOn": []},
        {"ref": "artifact:form", "dependsOn": ["artifact:schema", "requirement:crm"]},
        {
            "ref": "artifact:app",
            "dependsOn": ["artifact:form", "artifact:schema", "requirement:crm", "requirement:key"],
        },
        {"ref": "requirement:crm"},
        {"ref": "requirement:key"},
    ]


def test_a_manifest_without_requirements_has_no_services() -> None:
    assert bill([node("a")], ["a"])["services"] == []


def test_another_package_has_another_serial_number() -> None:
    manifest = build_manifest(package(), ["a"], [node("a")])
    other = replace(record(), description=replace(package(), package_id="pkg-other"))

    assert sbom_body(record(), manifest) == sbom_body(record(), manifest)
    assert sbom_body(record(), manifest)["serialNumber"] != sbom_body(other, manifest)["serialNumber"]


@given(
    ids=st.lists(TEXT, min_size=1, max_size=6, unique=True), name=TEXT, texts=st.lists(TEXT, max_size=3), data=st.data()
)
def test_any_package_has_a_valid_bill(ids: list[str], name: str, texts: list[str], data: st.DataObject) -> None:
    nodes = []
    for index, artifact_id in enumerate(ids):
        dependencies = data.draw(st.lists(st.sampled_from(ids[:index]))) if index else []
        required = data.draw(st.lists(st.sampled_from(ids), unique=True, max_size=2))
        requirements = tuple(Requirement(one, data.draw(st.sampled_from(RequirementKind))) for one in required)
        nodes.append(replace(node(artifact_id, *dependencies, name=name), requirements=requirements))

    body = bill(nodes, ids, name=name, tags=texts)

    refs = [entry["ref"] for entry in body["dependencies"]]
    known = [body["metadata"]["component"], *body["components"], *body["services"]]
    assert refs == [entry["bom-ref"] for entry in known]
    assert len(refs) == len(set(refs))
    assert {ref for entry in body["dependencies"] for ref in entry.get("dependsOn", [])} <= set(refs)


def test_the_validator_sees_mistakes() -> None:
    body = bill(sample(), ["app"])
    body["components"][0]["hashes"][0]["content"] = "no digest"

    assert VALIDATOR.validate_str(json.dumps(body)) is not None
