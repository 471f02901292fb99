"""The artifacts table, for reading."""

from __future__ import annotations

from functools import cache

from installhub.artifacts.catalog import ArtifactTable
from installhub.artifacts.listing import ArtifactReader
from installhub.composition.process import settings
from installhub.runtime import aws_clients


@cache
def artifact_table() -> ArtifactTable:
    """The artifacts table."""
    return ArtifactTable(aws_clients.dynamodb(), settings().string("ARTIFACTS_TABLE"))


@cache
def artifact_reader() -> ArtifactReader:
    """Reads artifacts and lists of them."""
    return ArtifactReader(aws_clients.dynamodb(), settings().string("ARTIFACTS_TABLE"))
