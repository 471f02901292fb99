"""Response bodies, field by field, and the example in the API document."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given

from installhub.contract.response_bodies import package_body, preview_body
from installhub.contract.response_models import PackageResponse, PreviewResponse
from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType
from installhub.resolver.plan import Limits, make_plan
from tests.builders import FakeCatalog, matches_model, node, record
from tests.strategies import graphs

# installhub-api.txt, POST /preview.
EXPECTED = """
{
  "rootArtifacts": [
    { "type": "ProcessDefinition", "id": "proc-1001", "name": "EmployeeOnboarding" }
  ],
  "resolvedDependencies": [
    { "type": "ThreadDefinition", "id": "thread-2002", "name": "ApprovalSubflow",  "resolvedFrom": "proc-1001" },
    { "type": "AtlasForm",        "id": "form-2005",   "name": "EmployeeForm",     "resolvedFrom": "proc-1001" },
    { "type": "RuleSet",          "id": "rule-305",    "name": "ApprovalRules",    "resolvedFrom": "proc-1001" },
    { "type": "EntitySchema",     "id": "ent-44",      "name": "EmployeeSchema",   "resolvedFrom": "form-2005" }
  ],
  "totalArtifacts": 5,
  "installOrder": ["ent-44", "rule-305", "form-2005", "thread-2002", "proc-1001"],
  "hasCircularDependency": false,
  "warnings": []
}
"""
EXAMPLE = [
    node(
        "proc-1001",
        "thread-2002",
        "form-2005",
        "rule-305",
        kind=ArtifactType.PROCESS_DEFINITION,
        name="EmployeeOnboarding",
    ),
    node("thread-2002", "rule-305", kind=ArtifactType.THREAD_DEFINITION, name="ApprovalSubflow"),
    node("form-2005", "ent-44", kind=ArtifactType.ATLAS_FORM, name="EmployeeForm"),
    node("rule-305", "ent-44", kind=ArtifactType.RULE_SET, name="ApprovalRules"),
    node("ent-44", kind=ArtifactType.ENTITY_SCHEMA, name="EmployeeSchema"),
]


def test_a_preview_equals_the_example_in_the_api_document() -> None:
    body = preview_body(make_plan(FakeCatalog(EXAMPLE), ["proc-1001"], Limits()))

    assert body == json.loads(EXPECTED)
    assert list(body) == list(json.loads(EXPECTED)), "same order of fields"


def test_a_preview_of_a_cycle_has_the_flag_and_no_order() -> None:
    artifacts = [node("a", "b", "gone"), node("b", "a", status=ArtifactStatus.DRAFT)]

    body = preview_body(make_plan(FakeCatalog(artifacts), ["a"], Limits()))

    assert (body["hasCircularDependency"], body["installOrder"], body["totalArtifacts"]) == (True, [], 2)
    assert [{name: value for name, value in warning.items() if name != "detail"} for warning in body["warnings"]] == [
        {"errorCode": "ArtifactNotFound", "artifactId": "gone", "requiredBy": ["a"]},
        {"errorCode": "CircularDependency", "cycle": ["a", "b", "a"]},
        {"errorCode": "IncompleteArtifact", "artifactId": "b", "requiredBy": ["a"]},
    ]


@given(graphs())
def test_a_preview_counts_each_artifact_once_and_fits_the_model(graph: dict[str, ArtifactNode]) -> None:
    roots = sorted(graph)[:2]

    body = preview_body(make_plan(FakeCatalog(graph.values()), roots, Limits()))

    listed = [artifact["id"] for artifact in body["rootArtifacts"] + body["resolvedDependencies"]]
    assert len(set(listed)) == len(listed) == body["totalArtifacts"]
    assert sorted(body["installOrder"]) in ([], sorted(listed))
    assert matches_model(PreviewResponse, json.dumps(body))


def test_a_package_has_every_field_of_the_api_document() -> None:
    stored = record(name="Employee Onboarding Suite")
    manifest: dict[str, Any] = {
        "formatVersion": "1",
        "packageId": stored.description.package_id,
        "name": "Employee Onboarding Suite",
        "version": "2.1.0",
        "packageType": "workflow-package",
        "description": None,
        "author": None,
        "tags": [],
        "rootArtifacts": [],
        "artifacts": [],
        "installOrder": [],
    }

    body = package_body(stored, manifest)

    assert body == {
        "packageId": "pkg-a3f9c821-4b2e-59d1-bc44-f7e2a1c09d33",
        "packageName": "Employee Onboarding Suite",
        "version": "2.1.0",
        "checksum": stored.checksum,
        "artifactCount": 5,
        "bundleDownloadUrl": "/api/installhub/packages/pkg-a3f9c821-4b2e-59d1-bc44-f7e2a1c09d33/download",
        "exportedAt": "2026-05-25T09:00:00Z",
        "isSuccess": True,
        "manifest": manifest,
    }
    assert matches_model(PackageResponse, json.dumps(body))
