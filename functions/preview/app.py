"""POST /api/installhub/packages/preview: resolves without creating a package."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import wiring
from installhub.exporting import preview
from installhub.http import create_app, json_answer
from installhub.presenting import preview_body
from installhub.request_models import PreviewRequest
from installhub.requests import read_request
from installhub.routes import PREVIEW
from installhub.telemetry import observed

app = create_app()


@app.route(PREVIEW.rule, method=PREVIEW.method)
def preview_package() -> Response[str]:
    """Show what an export of the request's artifacts would include."""
    request, tenant, _ = read_request(PreviewRequest, app.current_event)
    plan = preview(wiring.artifacts(), tenant, tuple(request.artifact_ids), wiring.settings().limits())
    return json_answer(app.current_event, preview_body(plan))


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls."""
    return app.resolve(event, context)
