"""The definition bucket, for writing."""

from __future__ import annotations

from functools import cache

from installhub.artifacts.definition_objects import DefinitionObjects
from installhub.composition.process import settings
from installhub.runtime import aws_clients


@cache
def definition_objects() -> DefinitionObjects:
    """The definition bucket, for writing."""
    return DefinitionObjects(aws_clients.s3, settings().string("DEFINITION_BUCKET"))
