"""boto3 clients and an environment that can only reach the emulator, never the user's AWS account."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local.settings import REGION

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

LOOPBACK = "127.0.0.1"


def isolate_environment() -> None:
    """Hide the user's AWS settings and proxies from this process and its child processes."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",  # the only key that the emulator accepts
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), LOOPBACK])),
        "no_proxy": ",".join(filter(None, [os.environ.get("no_proxy"), LOOPBACK])),
        "SAM_CLI_TELEMETRY": "0",
    }


class Aws:
    """Clients of the emulated services, created on first use."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._session = boto3.Session(region_name=REGION)

    @cached_property
    def apigateway(self) -> APIGatewayClient:
        """API Gateway."""
        return self._session.client("apigateway", endpoint_url=self.endpoint)

    @cached_property
    def apigateway_unvalidated(self) -> APIGatewayClient:
        """API Gateway, without parameter validation by boto3."""
        config = Config(parameter_validation=False)
        return self._session.client("apigateway", endpoint_url=self.endpoint, config=config)

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """CloudFormation."""
        return self._session.client("cloudformation", endpoint_url=self.endpoint)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """DynamoDB."""
        return self._session.client("dynamodb", endpoint_url=self.endpoint)

    @cached_property
    def kms(self) -> KMSClient:
        """KMS."""
        return self._session.client("kms", endpoint_url=self.endpoint)

    @cached_property
    def lambda_(self) -> LambdaClient:
        """Lambda."""
        return self._session.client("lambda", endpoint_url=self.endpoint)

    @cached_property
    def events(self) -> EventBridgeClient:
        """EventBridge."""
        return self._session.client("events", endpoint_url=self.endpoint)

    @cached_property
    def iam(self) -> Any:  # noqa: ANN401 - no stubs are installed for it
        """IAM."""
        return self._session.client("iam", endpoint_url=self.endpoint)

    @cached_property
    def sqs(self) -> SQSClient:
        """SQS."""
        return self._session.client("sqs", endpoint_url=self.endpoint)

    @cached_property
    def stepfunctions(self) -> SFNClient:
        """Step Functions."""
        return self._session.client("stepfunctions", endpoint_url=self.endpoint)

    @cached_property
    def logs(self) -> Any:  # noqa: ANN401 - no stubs are installed for it
        """CloudWatch Logs."""
        return self._session.client("logs", endpoint_url=self.endpoint)

    @cached_property
    def s3(self) -> S3Client:
        """S3."""
        return self._session.client("s3", endpoint_url=self.endpoint)
