"""PATCH /api/installhub/packages/{packageId}: deprecates, yanks or reactivates a package."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.lifecycle import lifecycle_manager
from installhub.contract.lifecycle_documents import read_lifecycle_patch
from installhub.contract.routes import CHANGE_LIFECYCLE
from installhub.http.conditional import write_precondition
from installhub.http.endpoint import endpoint
from installhub.http.package_requests import package_id_parameter
from installhub.http.package_responses import lifecycle_response
from installhub.http.parsing import authenticated_caller, permitted_tenants
from installhub.http.request import Request
from installhub.http.response import Response
from installhub.runtime.telemetry import bind_log_context, logger


@endpoint(CHANGE_LIFECYCLE)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Change the lifecycle of the package."""
    caller, tenants = authenticated_caller(request), permitted_tenants(request)
    package_id, precondition = package_id_parameter(request), write_precondition(request)
    patch = read_lifecycle_patch(request.body)
    record = lifecycle_manager().change(package_id, tenants, patch, precondition, caller.subject)
    bind_log_context(tenant=record.tenant)
    logger.info("lifecycle set", extra={"lifecycle": record.state.lifecycle, "revision": record.state.revision})
    return lifecycle_response(request, record)
