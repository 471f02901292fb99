"""What stands in for DynamoDB in the catalog's contract tests.

moto is always there. Another engine, such as DynamoDB Local, joins in when DYNAMODB_ENGINE_URL says where it listens.
"""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import boto3
from moto import mock_aws

from installhub import aws
from installhub.catalog import ArtifactTable
from installhub.publishing import Publisher
from tests.integration.support.world import create_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.publishing import ArtifactDraft

URL: Final = os.environ.get("DYNAMODB_ENGINE_URL", "")
ENGINES: Final = ("moto", "endpoint") if URL else ("moto",)


@dataclass(frozen=True)
class CatalogTable:
    """An artifacts table, as the template has it, on some engine."""

    client: DynamoDBClient
    name: str

    @cached_property
    def artifacts(self) -> ArtifactTable:
        return ArtifactTable(self.client, self.name)

    def publish(self, drafts: Iterable[ArtifactDraft]) -> None:
        """Store artifacts whose definitions are small: the engine has no S3."""
        Publisher(self.client, None, self.name, "no-bucket").publish(drafts)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Engine:
    """Something that behaves like DynamoDB."""

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


@contextmanager
def engine(kind: str) -> Iterator[Engine]:
    """The engine of that kind, one of :data:`ENGINES`."""
    if kind == "moto":
        with mock_aws():
            yield Engine(boto3.client("dynamodb", config=aws._CONFIG))
    else:
        yield Engine(boto3.client("dynamodb", config=aws._CONFIG, endpoint_url=URL))
