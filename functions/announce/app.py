"""Publishes outcome events for exported packages and failed requests in the tables' streams."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.outcomes import outcome_publisher
from installhub.composition.process import settings
from installhub.events.outcome_events import outcome_event
from installhub.runtime.telemetry import bind_log_context, instrumented, logger, record_log_context

processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


def publish_outcome(record: DynamoDBRecord) -> None:
    """Publish the outcome event for a stream record."""
    with record_log_context("outcome not published"):
        image = record.dynamodb.new_image if record.dynamodb else {}
        event = outcome_event(image, settings().string("EVENT_SOURCE_URI"))
        data = event["data"]
        bind_log_context(
            tenant=data.get("tenantId"), package_id=data.get("packageId"), request_id=data.get("requestId")
        )
        outcome_publisher().publish(event)
        logger.info(
            "outcome published", extra={"type": event["type"], "subject": event["subject"], "eventId": event["id"]}
        )


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Process a batch of stream records. Only those that failed are delivered again."""
    return dict(
        process_partial_response(event=event, record_handler=publish_outcome, processor=processor, context=context)
    )
