"""POST /api/installhub/packages/export: creates a package."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import wiring
from installhub.exporting import ExportCommand
from installhub.http import create_app, package_answer
from installhub.models import ExportRequest
from installhub.requests import read_request
from installhub.routes import EXPORT
from installhub.telemetry import observed, package_exported

app = create_app()


@app.route(EXPORT.rule, method=EXPORT.method)
def export_package() -> Response[str]:
    """Resolve the request's artifacts and publish them as one bundle."""
    request, tenant, caller = read_request(ExportRequest, app.current_event)
    command = ExportCommand(
        tenant=tenant,
        requested_by=caller.subject,
        name=request.package_name,
        version=request.version,
        package_type=request.package_type,
        description=request.description,
        author=request.author,
        tags=tuple(request.tags or ()),
        roots=tuple(request.artifact_ids),
    )
    seconds_left = app.lambda_context.get_remaining_time_in_millis() / 1000
    exported = wiring.exporter().export(command, seconds_left)
    package_exported(exported.record)
    return package_answer(app.current_event, exported.record, exported.manifest)


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls."""
    return app.resolve(event, context)
