"""POST /api/installhub/packages/export: creates a package."""

from __future__ import annotations

from dataclasses import replace

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.submissions import export_service
from installhub.contract.request_documents import build_export_command, build_export_document
from installhub.contract.request_models import ExportRequest
from installhub.contract.routes import EXPORT
from installhub.exports.metrics import count_export
from installhub.exports.submission import ExportSubmission
from installhub.http.endpoint import endpoint
from installhub.http.headers import expected_plans, idempotency_key, prefers_async
from installhub.http.package_responses import accepted_response, export_response
from installhub.http.request import Request
from installhub.http.request_body import read_request
from installhub.http.response import Response
from installhub.runtime.telemetry import bind_log_context


@endpoint(EXPORT)
def handler(request: Request, context: LambdaContext) -> Response:
    """Export the requested artifacts, or accept the request to export them asynchronously."""
    body, tenant, caller = read_request(ExportRequest, request)
    submission = ExportSubmission(
        command=replace(build_export_command(body, tenant, caller.subject), expected_plans=expected_plans(request)),
        document=build_export_document(body, tenant),
        idempotency_key=idempotency_key(request),
        respond_async=prefers_async(request),
    )
    bind_log_context(package_id=submission.command.package_id)
    outcome = export_service().submit(submission, context.get_remaining_time_in_millis() / 1000)
    if outcome.exported is None:
        return accepted_response(outcome.accepted or {})
    if outcome.exported.is_new:
        count_export(outcome.exported.record)
    return export_response(request, outcome.exported.record, outcome.exported.manifest)
