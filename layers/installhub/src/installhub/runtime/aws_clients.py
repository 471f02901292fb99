"""AWS clients: one per service and process, all with the same timeouts and retries."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, cast

from installhub.runtime.gc import gc_frozen
from installhub.runtime.snapshot import prepare_for_snapshot

with gc_frozen():
    import botocore.session
    from botocore.config import Config

prepare_for_snapshot()

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# At most three attempts of a few seconds per call, so that a response is returned within API Gateway's limit of 29 s.
_CONFIG: Final = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=16,
    signature_version="v4",
)
_S3_CONFIG: Final = _CONFIG.merge(Config(signature_version="s3v4", s3={"addressing_style": "path"}))


@cache
def _session() -> botocore.session.Session:
    """The botocore session; boto3 would take another tenth of a cold start."""
    return botocore.session.Session()


@cache
def dynamodb() -> DynamoDBClient:
    """The DynamoDB client of this process."""
    with gc_frozen():
        return cast("DynamoDBClient", _session().create_client("dynamodb", config=_CONFIG))


@cache
def s3() -> S3Client:
    """The S3 client of this process. Creating it takes a third of a cold start, so it is done on first use."""
    return cast("S3Client", _session().create_client("s3", config=_S3_CONFIG))


@cache
def apigateway() -> APIGatewayClient:
    """The API Gateway control-plane client of this process."""
    return cast("APIGatewayClient", _session().create_client("apigateway", config=_CONFIG))


@cache
def sqs() -> SQSClient:
    """The SQS client of this process."""
    return cast("SQSClient", _session().create_client("sqs", config=_CONFIG))


@cache
def eventbridge() -> EventBridgeClient:
    """The EventBridge client of this process."""
    return cast("EventBridgeClient", _session().create_client("events", config=_CONFIG))


@cache
def kms() -> KMSClient:
    """The KMS client of this process."""
    return cast("KMSClient", _session().create_client("kms", config=_CONFIG))
