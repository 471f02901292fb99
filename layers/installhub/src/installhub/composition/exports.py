"""The export use case."""

from __future__ import annotations

from functools import cache

from installhub.artifacts.definition_reader import DefinitionReader
from installhub.composition.artifacts import artifact_table
from installhub.composition.limits import limits
from installhub.composition.packages import bundle_store, package_store
from installhub.composition.process import settings
from installhub.exports.exporter import Exporter
from installhub.runtime import aws_clients


@cache
def definition_reader() -> DefinitionReader:
    """Reads definitions from the artifacts table and the definition bucket."""
    return DefinitionReader(
        aws_clients.dynamodb(),
        settings().string("ARTIFACTS_TABLE"),
        aws_clients.s3,
        settings().string("DEFINITION_BUCKET"),
    )


@cache
def exporter() -> Exporter:
    """The export use case."""
    return Exporter(artifact_table(), definition_reader(), package_store(), bundle_store(), limits())
