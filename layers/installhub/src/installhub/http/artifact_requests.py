"""Validates requests that publish artifacts: the body, the tenant and the caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from installhub.artifacts.field_reader import pointer_token
from installhub.contract.artifact_documents import MAX_BATCH_ARTIFACTS, ArtifactEntry, read_artifact, read_document
from installhub.contract.artifact_ids import is_artifact_id
from installhub.http.artifact_queries import artifact_id_parameter
from installhub.http.parsing import authenticated_caller, tenant_header
from installhub.http.requested_tenant import RequestedTenant
from installhub.model.errors import ErrorCode, InstallHubError, Problem
from installhub.runtime.telemetry import bind_log_context

if TYPE_CHECKING:
    from installhub.artifacts.validation import ArtifactInput
    from installhub.http.request import Request
    from installhub.identity.caller import Caller


def read_artifact_request(request: Request) -> ArtifactInput:
    """The artifact in a PUT request.

    Raises:
        InstallHubError: Unauthorized, InsufficientScope, RequestTooLarge, or every problem of the body and the tenant.
    """
    caller = authenticated_caller(request)
    artifact_id = artifact_id_parameter(request)
    fields = dict(read_document(request.body))
    tenant, problems = _take_tenant(fields, request, caller)
    try:
        artifact = read_artifact(fields, tenant, artifact_id)
    except InstallHubError as error:
        raise InstallHubError([*problems, *error.problems]) from None
    if problems:
        raise InstallHubError(problems)
    bind_log_context(tenant=tenant)
    return artifact


def read_batch_request(request: Request) -> list[ArtifactEntry]:
    """The artifacts of a batch, valid or not.

    Raises:
        InstallHubError: Unauthorized, InsufficientScope, RequestTooLarge, or every problem of the body itself and the
            tenant.
    """
    caller = authenticated_caller(request)
    fields = dict(read_document(request.body))
    tenant, problems = _take_tenant(fields, request, caller)
    artifacts = fields.pop("artifacts", None)
    if not isinstance(artifacts, list) or not 1 <= len(artifacts) <= MAX_BATCH_ARTIFACTS:
        detail = f"artifacts: is not a list of 1 to {MAX_BATCH_ARTIFACTS} artifacts"
        problems.append(Problem(ErrorCode.INVALID_REQUEST, detail, pointer="/artifacts"))
    for name in fields:
        token = pointer_token(name)
        problems.append(Problem(ErrorCode.INVALID_REQUEST, f"{token}: is not a known field", pointer=f"/{token}"))
    if problems:
        raise InstallHubError(problems)
    bind_log_context(tenant=tenant)
    return [_entry(content, tenant, f"/artifacts/{index}") for index, content in enumerate(artifacts)]


def _entry(fields: object, tenant: str, pointer: str) -> ArtifactEntry:
    named = fields.get("artifactId") if isinstance(fields, Mapping) else None
    artifact_id = named if isinstance(named, str) and is_artifact_id(named) else None
    try:
        return ArtifactEntry(artifact_id, read_artifact(fields, tenant, pointer=pointer))
    except InstallHubError as error:
        return ArtifactEntry(artifact_id, error.problems)


def _take_tenant(fields: dict[str, Any], request: Request, caller: Caller) -> tuple[str, list[Problem]]:
    """Remove the tenant from the body. Returns the tenant of the request, and the problems with it.

    If there are problems, the tenant is only good for finding the problems of the rest of the body.
    """
    placeholder = "unknown"
    in_body = fields.pop("tenantId", None)
    if in_body is not None and (not isinstance(in_body, str) or not in_body):
        problem = Problem(ErrorCode.INVALID_REQUEST, "tenantId: is not an id", pointer="/tenantId")
        header_problems = RequestedTenant(tenant_header(request)).problems(caller, required=False)
        return placeholder, [problem, *header_problems]
    requested = RequestedTenant(tenant_header(request), in_body)
    problems = requested.problems(caller, required=True)
    return (placeholder if problems else str(requested.tenant)), problems
