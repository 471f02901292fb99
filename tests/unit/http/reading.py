"""Valid request bodies, changes to them, and the problems found when they are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from installhub.contract.request_models import ExportRequest, RootsRequest
from installhub.http.request_body import read_request
from installhub.model.errors import InstallHubError
from tests.builders import TENANT
from tests.builders import request as request_of

EXPORT: dict[str, Any] = {
    "tenantId": TENANT,
    "packageName": "Employee Onboarding Suite",
    "packageType": "workflow-package",
    "version": "2.1.0",
    "description": "Complete onboarding workflow",
    "author": "HR Automation Team",
    "tags": ["hr", "onboarding"],
    "artifactIds": ["proc-1001"],
}
PREVIEW: dict[str, Any] = {"tenantId": TENANT, "artifactIds": ["proc-1001"]}
OMITTED = object()

CodesAndPointers = list[tuple[str, str | None]]


def export_body(**changes: object) -> str:
    body = {name: value for name, value in {**EXPORT, **changes}.items() if value is not OMITTED}
    return json.dumps(body)


def problems(body: str | bytes | None, model: type[RootsRequest] = ExportRequest, **event: Any) -> CodesAndPointers:  # noqa: ANN401
    """Return the codes and pointers of the problems reported for ``body``, in order."""
    with pytest.raises(InstallHubError) as refusal:
        read_request(model, request_of(body, **event))
    assert all(problem.detail for problem in refusal.value.problems)
    return [(problem.code.value, problem.pointer) for problem in refusal.value.problems]


def invalid(*pointers: str) -> CodesAndPointers:
    return [("InvalidRequest", pointer) for pointer in pointers]
