"""What stands in for DynamoDB and S3: moto always, and with INSTALLHUB_JUDGES=all two others, started here.

A test that passes on one of them only has learned that one's habits. MiniStack judges tables and buckets; DynamoDB
Local, AWS's own engine, judges tables (its buckets are moto's).
"""

from __future__ import annotations

import os
import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import boto3
import pytest
from moto import mock_aws
from moto.core.config import default_user_config

from bench import dynamodb as dynamodb_local
from installhub.artifacts.catalog import ArtifactTable
from installhub.artifacts.publisher import Publisher
from installhub.runtime import aws_clients
from local import emulator
from local.state import State
from tests.integration.support.world import create_tables, reset_clients
from tests.stacks import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.artifacts.validation import ArtifactInput

MOTO: Final = "moto"
MINISTACK: Final = "MiniStack"
DYNAMODB_LOCAL: Final = "DynamoDB Local"
ENGINES: Final = (MOTO, MINISTACK, DYNAMODB_LOCAL) if os.environ.get("INSTALLHUB_JUDGES") == "all" else (MOTO,)

JUDGED: Final = {
    MOTO: "tables and buckets",
    MINISTACK: "tables and buckets; the engine of the local stack",
    DYNAMODB_LOCAL: "tables on AWS's engine; buckets on moto",
}
"""What each of them judges."""


@dataclass(frozen=True)
class CatalogTable:
    """An artifacts table, as the template has it, on some engine."""

    client: DynamoDBClient
    name: str

    @cached_property
    def artifacts(self) -> ArtifactTable:
        return ArtifactTable(self.client, self.name)

    def publish(self, artifacts: Iterable[ArtifactInput]) -> None:
        """Store artifacts whose definitions are small: the engine has no S3."""
        Publisher(self.client, None, self.name, "no-bucket").publish(artifacts)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Engine:
    """Something that behaves like DynamoDB."""

    kind: str
    client: DynamoDBClient

    @contextmanager
    def catalog_table(self) -> Iterator[CatalogTable]:
        """A new, empty artifacts table; small tables are what keeps moto quick."""
        names = create_tables(self.client, ["ArtifactsTable"], uuid.uuid4().hex)
        name = names["ArtifactsTable"]
        try:
            yield CatalogTable(self.client, name)
        finally:
            self.client.update_table(TableName=name, DeletionProtectionEnabled=False)
            self.client.delete_table(TableName=name)


def missing(kind: str) -> str:
    """Why an engine cannot run here; nothing if it can."""
    return dynamodb_local.missing() if kind == DYNAMODB_LOCAL else ""


@contextmanager
def running(kind: str) -> Iterator[None]:
    """While it lasts the SDK finds the engine of that kind, one of :data:`ENGINES`, at AWS's addresses or instead."""
    with ExitStack() as stack:
        if kind != MOTO:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            # The emulator evaluates policies, and knows the account's own user by this name only.
            patch.setenv("AWS_ACCESS_KEY_ID", "test")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
            patch.setitem(default_user_config["core"], "mock_credentials", False)  # noqa: FBT003  # a setting
            if kind == MINISTACK:
                patch.setenv("AWS_ENDPOINT_URL", stack.enter_context(_ministack()))
            else:
                patch.setenv("AWS_ENDPOINT_URL_DYNAMODB", stack.enter_context(dynamodb_local.server()))
        reset_clients()
        stack.callback(reset_clients)
        yield


@contextmanager
def engine(kind: str) -> Iterator[Engine]:
    """The tables of the engine of that kind, which is running."""
    with mock_aws():
        yield Engine(kind, boto3.client("dynamodb", config=aws_clients._CONFIG))


@contextmanager
def _ministack() -> Iterator[str]:
    with TemporaryDirectory() as folder:
        started = emulator.start(State(Path(folder)), emulator.DEFAULT_HOST, free_port())
        try:
            yield started.endpoint
        finally:
            emulator.stop(started)
