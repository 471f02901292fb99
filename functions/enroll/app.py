"""Gives usage-plan keys to tenants that the authorizer has added to the plans table."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.identity import max_tenant_keys, usage_key_provisioner
from installhub.identity.metrics import count_tenant_keys
from installhub.identity.usage_keys import SUBJECT
from installhub.runtime.telemetry import instrumented, logger, record_log_context

processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


def provision_usage_key(record: DynamoDBRecord) -> None:
    """Give a key to the tenant of a stream record."""
    subject = (record.dynamodb.keys if record.dynamodb else {})[SUBJECT]
    with record_log_context("usage key not provisioned", usageSubject=subject):
        own_keys = usage_key_provisioner().provision(subject)
        logger.info("usage key provisioned")
    count_tenant_keys(own_keys, max_tenant_keys())


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Process a batch of stream records. Only those that failed are delivered again."""
    return dict(
        process_partial_response(event=event, record_handler=provision_usage_key, processor=processor, context=context)
    )
