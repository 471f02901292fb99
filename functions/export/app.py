"""POST /api/installhub/packages/export: creates a package."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.answering import AskedExport
from installhub.answering_wiring import export_desk
from installhub.http import accepted_answer, create_app, package_answer
from installhub.preferences import idempotency_key, prefers_async
from installhub.request_models import ExportRequest
from installhub.requests import export_command, export_document, read_request
from installhub.routes import EXPORT
from installhub.telemetry import observed, package_exported

app = create_app()


@app.route(EXPORT.rule, method=EXPORT.method)
def export_package() -> Response[str]:
    """Resolve the request's artifacts and publish them as one bundle, now or later."""
    request, tenant, caller = read_request(ExportRequest, app.current_event)
    asked = AskedExport(
        command=export_command(request, tenant, caller.subject),
        document=export_document(request, tenant),
        key=idempotency_key(app.current_event),
        later=prefers_async(app.current_event),
    )
    answer = export_desk().answer(asked, app.lambda_context.get_remaining_time_in_millis() / 1000)
    if answer.exported is None:
        return accepted_answer(answer.promise or {})
    if answer.exported.is_new:
        package_exported(answer.exported.record)
    return package_answer(app.current_event, answer.exported.record, answer.exported.manifest)


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls."""
    return app.resolve(event, context)
