"""POST /api/installhub/packages/preview: resolves without creating a package."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import wiring
from installhub.exporting import preview
from installhub.http import endpoint, json_answer
from installhub.presenting import preview_body
from installhub.proxy import Answer, Request
from installhub.request_models import PreviewRequest
from installhub.requests import read_request
from installhub.routes import PREVIEW


@endpoint(PREVIEW)
def handler(request: Request, _context: LambdaContext) -> Answer:
    """Show what an export of the request's artifacts would include."""
    body, tenant, _ = read_request(PreviewRequest, request)
    plan = preview(wiring.artifacts(), tenant, tuple(body.artifact_ids), wiring.settings().limits())
    return json_answer(request, preview_body(plan))
