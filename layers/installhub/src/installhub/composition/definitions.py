"""Definitions, for reading."""

from __future__ import annotations

import time
from functools import cache

from installhub.artifacts.definition_downloads import DefinitionDownloads
from installhub.artifacts.definition_reader import DefinitionReader
from installhub.composition.process import settings
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
def definition_downloads() -> DefinitionDownloads:
    """Single definitions as JSON."""
    return DefinitionDownloads(definition_reader(), aws_clients.s3, settings().string("DEFINITION_BUCKET"), time.time)
