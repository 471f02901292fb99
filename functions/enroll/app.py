"""Gives tenants that the authorizer saw for the first time a key of their own in the usage plan."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import aws
from installhub.telemetry import logger, observed, record_logged
from installhub.usage import CUSTOMER, Enroller
from installhub.wiring import settings

processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


@cache
def enroller() -> Enroller:
    """The enroller of this process."""
    return Enroller(
        dynamodb=aws.dynamodb(),
        apigateway=aws.apigateway(),
        table=settings().text("PLANS_TABLE"),
        usage_plan=settings().text("USAGE_PLAN_ID"),
        stack=settings().text("STACK_NAME"),
        clock=time.time,
    )


def enroll_customer(record: DynamoDBRecord) -> None:
    """Enroll the customer of one stream record."""
    keys = record.dynamodb.keys if record.dynamodb else {}
    with record_logged("not enrolled", customer=keys[CUSTOMER]):
        enroller().enroll(keys[CUSTOMER])
        logger.info("enrolled")


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls. Records that failed are reported, and only those come again."""
    return dict(
        process_partial_response(event=event, record_handler=enroll_customer, processor=processor, context=context)
    )
