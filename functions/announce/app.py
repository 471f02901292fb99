"""Announces on the event bus what the tables' streams say was exported, or failed."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import aws
from installhub.background.outcomes import Announcer, outcome_of
from installhub.telemetry import about, logger, observed, record_logged
from installhub.wiring import settings

processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


def announce_outcome(record: DynamoDBRecord) -> None:
    """Announce what one stream record tells."""
    with record_logged("not announced"):
        image = record.dynamodb.new_image if record.dynamodb else {}
        event = outcome_of(image, settings().text("EVENT_SOURCE_URI"))
        data = event["data"]
        about(tenant=data.get("tenantId"), package_id=data.get("packageId"), request_id=data.get("requestId"))
        Announcer(aws.events, settings().text("EVENT_BUS")).announce(event)
        logger.info("announced", extra={"type": event["type"], "subject": event["subject"], "eventId": event["id"]})


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls. Records that failed are reported, and only those come again."""
    return dict(
        process_partial_response(event=event, record_handler=announce_outcome, processor=processor, context=context)
    )
