"""Emulators of DynamoDB and S3: moto, and with INSTALLHUB_JUDGES=all also MiniStack and DynamoDB Local.

Tests that pass on several engines do not depend on the behaviour of one. MiniStack emulates tables and buckets;
DynamoDB Local, AWS's own engine, emulates tables and is combined with moto's buckets.
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
from installhub.artifacts.definition_objects import DefinitionObjects
from installhub.artifacts.deletion import ArtifactDeleter
from installhub.artifacts.listing import ArtifactReader
from installhub.artifacts.publisher import Publisher
from installhub.artifacts.revisions import RevisionWriter
from installhub.runtime import aws_clients
from local import emulator
from local.state import State
from tests.integration.support.world import create_tables, reset_clients
from tests.stacks import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from installhub.artifacts.validation import ArtifactInput

MOTO: Final = "moto"
MINISTACK: Final = "MiniStack"
DYNAMODB_LOCAL: Final = "DynamoDB Local"
ENGINES: Final = (MOTO, MINISTACK, DYNAMODB_LOCAL) if os.environ.get("INSTALLHUB_JUDGES") == "all" else (MOTO,)

ENGINE_SERVICES: Final = {
    MOTO: "tables and buckets",
    MINISTACK: "tables and buckets; the engine of the local stack",
    DYNAMODB_LOCAL: "tables on AWS's engine; buckets on moto",
}
"""The services that each engine emulates."""


def no_s3() -> S3Client:
    """Fail, because there is no S3."""
    raise NotImplementedError


_NO_OBJECTS: Final = DefinitionObjects(no_s3, "no-bucket")


@dataclass(frozen=True)
class CatalogTable:
    """An artifacts table of the template on an engine."""

    client: DynamoDBClient
    name: str

    @cached_property
    def artifacts(self) -> ArtifactTable:
        return ArtifactTable(self.client, self.name)

    @cached_property
    def publisher(self) -> Publisher:
        """Publishes artifacts with small definitions; there is no S3."""
        return Publisher(self.client, self.name, _NO_OBJECTS)

    @cached_property
    def deleter(self) -> ArtifactDeleter:
        return ArtifactDeleter(self.artifacts, _NO_OBJECTS, RevisionWriter(self.name, _NO_OBJECTS))

    @cached_property
    def reader(self) -> ArtifactReader:
        return ArtifactReader(self.client, self.name)

    def publish(self, artifacts: Iterable[ArtifactInput]) -> None:
        """Publish artifacts with small definitions."""
        self.publisher.publish(artifacts)


@dataclass(frozen=True)
class Engine:
    """A DynamoDB engine."""

    kind: str
    client: DynamoDBClient

    @contextmanager
    def catalog_table(self) -> Iterator[CatalogTable]:
        """Create an empty artifacts table; moto is fast only with small tables."""
        names = create_tables(self.client, ["ArtifactsTable"], uuid.uuid4().hex)
        name = names["ArtifactsTable"]
        try:
            yield CatalogTable(self.client, name)
        finally:
            self.client.update_table(TableName=name, DeletionProtectionEnabled=False)
            self.client.delete_table(TableName=name)


def unavailable_reason(kind: str) -> str:
    """Return why an engine cannot run on this machine; empty if it can."""
    return dynamodb_local.missing() if kind == DYNAMODB_LOCAL else ""


@contextmanager
def run_engine(kind: str) -> Iterator[None]:
    """Run an engine, one of :data:`ENGINES`, and direct the SDK to it."""
    with ExitStack() as stack:
        if kind != MOTO:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            # The emulator evaluates policies and accepts only this name for the account's user.
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
def open_engine(kind: str) -> Iterator[Engine]:
    """Yield the DynamoDB client of a running engine."""
    with mock_aws():
        yield Engine(kind, boto3.client("dynamodb", config=aws_clients._CONFIG))


@contextmanager
def _ministack() -> Iterator[str]:
    with TemporaryDirectory() as folder:
        instance = emulator.start(State(Path(folder)), emulator.DEFAULT_HOST, free_port())
        try:
            yield instance.endpoint
        finally:
            emulator.stop(instance)
