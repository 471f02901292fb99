"""POST /api/installhub/packages/preview: resolves artifacts without creating a package, as JSON or as a picture."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.artifacts import artifact_table
from installhub.composition.limits import limits
from installhub.composition.secret_policy import SecretPolicy, secret_policy
from installhub.contract.request_models import PreviewRequest
from installhub.contract.routes import PREVIEW
from installhub.exports.commands import PlanConditions
from installhub.exports.preview import preview
from installhub.http.endpoint import endpoint
from installhub.http.graph_requests import preview_format
from installhub.http.preview_responses import preview_response
from installhub.http.request import Request
from installhub.http.request_body import read_request
from installhub.http.response import Response


@endpoint(PREVIEW)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return what an export of the request's artifacts would include."""
    body, tenant, _ = read_request(PreviewRequest, request)
    check = bool(body.check_references)
    conditions = PlanConditions(declared_references=check, no_secrets=secret_policy() is not SecretPolicy.OFF)
    plan = preview(artifact_table(), tenant, tuple(body.artifact_ids), limits(), conditions)
    return preview_response(request, plan, tenant, preview_format(request), with_references=check)
