"""Finds the stack that a command works on: the local one, or a named one on AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local import stack as local_stack
from local.aws import isolate_environment
from local.errors import LocalStackError
from local.settings import STACK_NAME
from local.state import State

if TYPE_CHECKING:
    import argparse

    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 8})


@dataclass(frozen=True)
class Deployment:
    """A deployed stack.

    Attributes:
        name: A name for messages.
        outputs: The stack's outputs.
        parameters: The stack's parameters.
        stack_name: The stack's own name.
        region: The AWS region; None for the default region of the AWS configuration.
        endpoint: The URL of all services; None on AWS.
    """

    name: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str] = field(default_factory=dict)
    stack_name: str = STACK_NAME
    region: str | None = None
    endpoint: str | None = None

    @property
    def dynamodb(self) -> DynamoDBClient:
        """A DynamoDB client."""
        return boto3.client("dynamodb", region_name=self.region, endpoint_url=self.endpoint, config=_CONFIG)

    @property
    def s3(self) -> S3Client:
        """An S3 client."""
        return boto3.client("s3", region_name=self.region, endpoint_url=self.endpoint, config=_CONFIG)

    @property
    def apigateway(self) -> APIGatewayClient:
        """An API Gateway client."""
        return boto3.client("apigateway", region_name=self.region, endpoint_url=self.endpoint, config=_CONFIG)

    @property
    def kms(self) -> KMSClient:
        """A KMS client."""
        return boto3.client("kms", region_name=self.region, endpoint_url=self.endpoint, config=_CONFIG)

    @property
    def sqs(self) -> SQSClient:
        """An SQS client."""
        return boto3.client("sqs", region_name=self.region, endpoint_url=self.endpoint, config=_CONFIG)


def add_stack_option(parser: argparse.ArgumentParser) -> None:
    """Add the option `--stack` to a command."""
    parser.add_argument(
        "--stack",
        default="",
        metavar="NAME",
        help="a CloudFormation stack on AWS, found with the usual AWS configuration (AWS_PROFILE, AWS_REGION, ...); "
        "by default the local stack",
    )


def find(name: str) -> Deployment:
    """The stack ``name`` on AWS, or the local stack if the name is empty.

    Raises:
        LocalStackError: There is no such stack.
    """
    return _aws_deployment(name) if name else local(State.from_environment())


def local(state: State) -> Deployment:
    """The local stack recorded in ``state``."""
    isolate_environment()
    found = local_stack.current(state)
    return Deployment("the local stack", found.outputs, found.parameters, region=found.region, endpoint=found.endpoint)


def _aws_deployment(name: str) -> Deployment:
    try:
        found = boto3.client("cloudformation", config=_CONFIG).describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        raise LocalStackError(
            f"cannot find the stack {name}: {error}", "list the stacks with `aws cloudformation list-stacks`"
        ) from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found[0].get("Outputs", [])}
    parameters = {item["ParameterKey"]: item["ParameterValue"] for item in found[0].get("Parameters", [])}
    return Deployment(f"the stack {name}", outputs, parameters, name)
