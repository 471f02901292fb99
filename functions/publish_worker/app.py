"""Publishes the files of artifacts that are dropped into the inbox bucket, for messages of the drop queue."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.drops import message_handler
from installhub.runtime.gc import gc_frozen
from installhub.runtime.telemetry import instrumented, record_log_context

with gc_frozen():
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def handle_message(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """Process a message."""
    with record_log_context("message not processed", message_id=record.message_id):
        message_handler().handle(record, lambda_context.get_remaining_time_in_millis() / 1000)


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Process a message. It is delivered again only if that failed."""
    return dict(
        process_partial_response(event=event, record_handler=handle_message, processor=processor, context=context)
    )
