"""POST /preview with the sample tenants."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Final

import pytest

from installhub.contract.response_models import PreviewResponse
from tests.integration.support.api import PREVIEW_BODY, Api
from tests.integration.support.artifact_inputs import TENANT, artifact_input

if TYPE_CHECKING:
    from tests.integration.support.world import World

# The example response of the API document.
EXAMPLE: Final = """
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


def test_the_example_of_the_api_document_is_reproduced_exactly(api: Api) -> None:
    response = api.preview(PREVIEW_BODY)

    response.preview()
    assert json.dumps(response.json) == json.dumps(json.loads(EXAMPLE))  # including the order of fields


def test_the_tenant_may_be_in_the_header_alone(api: Api) -> None:
    response = api.preview({"artifactIds": ["proc-1001"]}, headers={"X-Tenant-Id": TENANT})

    assert response.json == json.loads(EXAMPLE)


@pytest.mark.parametrize(
    ("root", "total", "code"),
    [
        ("proc-1009", 4, "ArtifactNotFound"),
        ("proc-1020", 4, "CircularDependency"),
        ("proc-1023", 1, "CircularDependency"),
        ("proc-1007", 3, "IncompleteArtifact"),
        ("proc-1008", 8, "IncompleteArtifact"),
    ],
)
def test_a_reason_to_refuse_an_export_is_a_warning_in_a_preview(api: Api, root: str, total: int, code: str) -> None:
    preview = api.preview({"tenantId": TENANT, "artifactIds": [root]}).preview()

    assert [warning.error_code for warning in preview.warnings] == [code]
    assert preview.total_artifacts == total
    assert preview.has_circular_dependency == (code == "CircularDependency")
    assert len(preview.install_order) == (0 if preview.has_circular_dependency else total)


def test_warnings_are_the_errors_of_the_export(api: Api) -> None:
    preview = api.preview({"tenantId": TENANT, "artifactIds": ["app-5002"]}).preview()
    refusal = api.export(
        {
            "tenantId": TENANT,
            "packageName": "x",
            "packageType": "app-package",
            "version": "1.0.0",
            "artifactIds": ["app-5002"],
        }
    ).problem()

    assert preview.warnings == refusal.errors
    assert len(preview.warnings) == 5


def test_several_roots_are_each_named_once_and_are_no_dependencies(api: Api) -> None:
    roots = ["form-2005", "proc-1001", "form-2005"]
    preview = api.preview({"tenantId": TENANT, "artifactIds": roots}).preview()

    assert [root.id for root in preview.root_artifacts] == ["form-2005", "proc-1001"]
    assert [dependency.id for dependency in preview.resolved_dependencies] == ["ent-44", "thread-2002", "rule-305"]
    assert preview.total_artifacts == 5


def test_an_id_that_two_tenants_have_belongs_to_each(api: Api) -> None:
    preview = api.preview({"tenantId": TENANT, "artifactIds": ["conf-701"]}).preview()

    assert preview.root_artifacts[0].name == "MailDelivery"


def test_a_preview_writes_nothing(api: Api, sample_world: World) -> None:
    api.preview(PREVIEW_BODY).preview()

    assert (sample_world.package_statuses(), sample_world.objects()) == ({}, [])


def test_a_preview_too_large_for_lambda_is_compressed(api: Api, sample_world: World) -> None:
    ids = [f"{place:06}-" + "x" * 240 for place in range(10_000)]
    sample_world.publish(artifact_input("root", *ids[:5_000]), artifact_input("rule", *ids[5_000:]))

    response = api.preview({"tenantId": TENANT, "artifactIds": ["root", "rule"]})

    assert response.headers["Content-Encoding"] == "gzip"
    preview = PreviewResponse.model_validate_json(gzip.decompress(response.body))
    assert [warning.artifact_id for warning in preview.warnings] == ids
