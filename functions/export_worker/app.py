"""Exports in the background: requests from the queue, in batches, and direct invocations, one at a time."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import wiring
from installhub.background.direct import direct_command, direct_result, named_error
from installhub.background.wiring import deliveries
from installhub.collector import lasting
from installhub.errors import ErrorCode, InstallHubError
from installhub.exporting import describe
from installhub.telemetry import about, logger, observed, package_exported, record_logged, refused

with lasting():
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def handle_message(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """Do what one message asks for."""
    with record_logged("not done", message_id=record.message_id):
        exported = deliveries().handle(record, lambda_context.get_remaining_time_in_millis() / 1000)
        if exported is not None and exported.is_new:
            package_exported(exported.record)


def export_directly(payload: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Export what the caller asks for, who waits for it."""
    try:
        command = direct_command(payload)
        about(tenant=command.tenant, package_id=describe(command).package_id, request_id=command.request_id)
        exported = wiring.exporter().export(command, context.get_remaining_time_in_millis() / 1000)
    except InstallHubError as refusal:
        refused(refusal)
        raise named_error(refusal, f"urn:uuid:{context.aws_request_id}") from None
    except Exception:
        logger.exception("unexpected failure")
        failure = InstallHubError.of(ErrorCode.INTERNAL_ERROR)
        raise named_error(failure, f"urn:uuid:{context.aws_request_id}") from None
    if exported.is_new:
        package_exported(exported.record)
    return direct_result(exported)


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls. Messages that failed are reported, and only those come again."""
    if "Records" not in event:
        return export_directly(event, context)
    return dict(
        process_partial_response(event=event, record_handler=handle_message, processor=processor, context=context)
    )
