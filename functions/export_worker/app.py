"""Exports packages for messages of the export queue and for direct invocations."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.exports import exporter
from installhub.composition.worker import message_handler
from installhub.events.invocation import invocation_command, invocation_error, invocation_result
from installhub.exports.metrics import count_export
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.runtime.gc import gc_frozen
from installhub.runtime.telemetry import bind_log_context, instrumented, log_refusal, logger, record_log_context

with gc_frozen():
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def handle_message(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """Process a message."""
    with record_log_context("message not processed", message_id=record.message_id):
        exported = message_handler().handle(record, lambda_context.get_remaining_time_in_millis() / 1000)
        if exported is not None and exported.is_new:
            count_export(exported.record)


def export_invocation(payload: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Run the export that a direct invocation requests, and return its result."""
    try:
        command = invocation_command(payload)
        bind_log_context(tenant=command.tenant, package_id=command.package_id, request_id=command.request_id)
        exported = exporter().export(command, context.get_remaining_time_in_millis() / 1000)
    except InstallHubError as refusal:
        log_refusal(refusal)
        raise invocation_error(refusal, f"urn:uuid:{context.aws_request_id}") from None
    except Exception:
        logger.exception("unhandled exception")
        failure = InstallHubError.of(ErrorCode.INTERNAL_ERROR)
        raise invocation_error(failure, f"urn:uuid:{context.aws_request_id}") from None
    if exported.is_new:
        count_export(exported.record)
    return invocation_result(exported)


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Process a batch of messages, or a direct invocation. Only messages that failed are delivered again."""
    if "Records" not in event:
        return export_invocation(event, context)
    return dict(
        process_partial_response(event=event, record_handler=handle_message, processor=processor, context=context)
    )
