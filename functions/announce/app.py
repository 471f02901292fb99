"""Publishes events about packages, failed requests and, optionally, artifacts from the tables' streams."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.event_bus import event_publisher
from installhub.composition.process import settings
from installhub.events.artifact_events import artifact_event, is_artifact_record
from installhub.events.outcome_events import outcome_event
from installhub.runtime.telemetry import bind_log_context, instrumented, logger, record_log_context

processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


def publish_event(record: DynamoDBRecord) -> None:
    """Publish the event for a stream record."""
    with record_log_context("event not published"):
        event = _event(record, settings().string("EVENT_SOURCE_URI"))
        if event is None:
            return
        data = event["data"]
        bind_log_context(
            tenant=data.get("tenantId"),
            package_id=data.get("packageId"),
            request_id=data.get("requestId"),
            artifact_id=data.get("artifactId"),
        )
        event_publisher().publish(event)
        logger.info(
            "event published", extra={"type": event["type"], "subject": event["subject"], "eventId": event["id"]}
        )


def _event(record: DynamoDBRecord, source: str) -> dict[str, Any] | None:
    if is_artifact_record(record.raw_event):
        return artifact_event(record.raw_event, source)
    change = record.dynamodb
    return outcome_event(change.new_image if change else {}, change.old_image if change else {}, source)


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Process a batch of stream records. Only those that failed are delivered again."""
    return dict(
        process_partial_response(event=event, record_handler=publish_event, processor=processor, context=context)
    )
