"""Deletes the usage-plan keys that a deleted stack has left behind.

Functions of the stack created them, so CloudFormation does not delete them with the stack; together with all other API
keys of the account and region they count against a quota of 10,000. API Gateway deletes about five keys a second. If
interrupted, run the command again.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.progress import track

from local.console import print_error, stderr, stdout
from local.errors import LocalStackError

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudformation import CloudFormationClient

_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 10})
_DIGEST = "[0-9a-f]{40}"


def find_keys(apigateway: APIGatewayClient, stack: str) -> Iterator[tuple[str, str]]:
    """Yield ids and names of the keys that the functions of ``stack`` created, and of no other stack."""
    name = re.compile(f"{re.escape(stack)}-{_DIGEST}")
    for page in apigateway.get_paginator("get_api_keys").paginate(nameQuery=f"{stack}-"):
        for key in page["items"]:
            if name.fullmatch(key["name"]):
                yield key["id"], key["name"]


def check_deleted(cloudformation: CloudFormationClient, stack: str) -> None:
    """Check that there is no stack with this name, since its keys would be in use.

    Raises:
        LocalStackError: There is one.
    """
    try:
        cloudformation.describe_stacks(StackName=stack)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return
        raise
    raise LocalStackError(f"the stack {stack} exists, and uses its keys", "delete the stack first")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parse_options(arguments)
    try:
        apigateway = boto3.client("apigateway", config=_CONFIG)
        check_deleted(boto3.client("cloudformation", config=_CONFIG), options.stack)
        keys = list(find_keys(apigateway, options.stack))
        if options.dry_run:
            for _, name in keys:
                stdout.print(name, markup=False, soft_wrap=True)
        else:
            for key_id, _ in track(keys, "Deleting keys", console=stderr, disable=not keys):
                apigateway.delete_api_key(apiKey=key_id)
    except LocalStackError as error:
        print_error(error)
        return 1
    except (BotoCoreError, ClientError) as error:
        print_error(LocalStackError(f"AWS returned an error: {error}", "run the command again for the rest"))
        return 1
    noun = "key" if len(keys) == 1 else "keys"
    outcome = "would be deleted" if options.dry_run else "deleted"
    stderr.print(f"{len(keys)} {noun} of the stack {options.stack} {outcome}.")
    return 0


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make delete-keys", description=__doc__)
    parser.add_argument("--stack", required=True, type=_stack_name, metavar="NAME", help="name of the deleted stack")
    parser.add_argument("--dry-run", action="store_true", help="only list the keys")
    return parser.parse_args(arguments)


def _stack_name(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("name the deleted stack: make delete-keys STACK=name")
    return text


if __name__ == "__main__":
    sys.exit(main())
