"""POST /api/installhub/packages/export: creates a package."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.answering import AskedExport
from installhub.answering_wiring import export_desk
from installhub.documents import export_command, export_document
from installhub.exporting import describe
from installhub.http import accepted_answer, endpoint, package_answer
from installhub.preferences import idempotency_key, prefers_async
from installhub.proxy import Answer, Request
from installhub.request_models import ExportRequest
from installhub.requests import read_request
from installhub.routes import EXPORT
from installhub.telemetry import about, package_exported


@endpoint(EXPORT)
def handler(request: Request, context: LambdaContext) -> Answer:
    """Resolve the request's artifacts and publish them as one bundle, now or later."""
    body, tenant, caller = read_request(ExportRequest, request)
    asked = AskedExport(
        command=export_command(body, tenant, caller.subject),
        document=export_document(body, tenant),
        key=idempotency_key(request),
        later=prefers_async(request),
    )
    about(package_id=describe(asked.command).package_id)
    answer = export_desk().answer(asked, context.get_remaining_time_in_millis() / 1000)
    if answer.exported is None:
        return accepted_answer(answer.promise or {})
    if answer.exported.is_new:
        package_exported(answer.exported.record)
    return package_answer(request, answer.exported.record, answer.exported.manifest)
