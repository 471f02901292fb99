"""Clients of the AWS services, with the one retry policy, and the translation of their failures."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from installhub.collector import lasting
from installhub.errors import ServiceUnavailableError

with lasting():
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# A call has at most three tries of a few seconds, so that a caller behind API Gateway (29 s) gets an answer.
_CONFIG: Final = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=16,
    signature_version="v4",
)
_S3_CONFIG: Final = _CONFIG.merge(Config(signature_version="s3v4", s3={"addressing_style": "path"}))

_TRANSIENT_STATUS: Final = 500
_THROTTLED: Final = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)


@cache
def _session() -> botocore.session.Session:
    """What boto3 makes its clients with. Importing boto3 adds resources and transfers: a tenth of a cold start."""
    return botocore.session.Session()


@cache
def dynamodb() -> DynamoDBClient:
    """The DynamoDB client of this process."""
    with lasting():
        return cast("DynamoDBClient", _session().create_client("dynamodb", config=_CONFIG))


@cache
def s3() -> S3Client:
    """The S3 client of this process, made when first needed: it takes a third of a cold start."""
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
def events() -> EventBridgeClient:
    """The EventBridge client of this process."""
    return cast("EventBridgeClient", _session().create_client("events", config=_CONFIG))


@contextmanager
def unavailable_when_failing(service: str) -> Iterator[None]:
    """Turn a transient failure of ``service``, retries exhausted, into :class:`ServiceUnavailableError`.

    Whatever is not transient, such as a denied permission or a refused condition, passes through.
    """
    try:
        yield
    except BotoCoreError as error:
        raise ServiceUnavailableError(service) from error
    except ClientError as error:
        if is_transient(error):
            raise ServiceUnavailableError(service) from error
        raise


def is_transient(error: ClientError) -> bool:
    """Whether the same call may succeed later: the service throttled it or failed."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= _TRANSIENT_STATUS or error.response.get("Error", {}).get("Code", "") in _THROTTLED


def backoff(attempt: int, base: float = 0.05, cap: float = 2.0) -> None:
    """Sleep before try number ``attempt`` (from 1): exponential with full jitter, as the AWS SDKs do."""
    time.sleep(random.uniform(0, min(cap, base * 2**attempt)))  # noqa: S311  # jitter is no secret
