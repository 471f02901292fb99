"""Publishing artifacts."""

from __future__ import annotations

import time
from functools import cache

from installhub.artifacts.definition_objects import DefinitionObjects
from installhub.artifacts.publisher import Publisher
from installhub.composition.process import settings
from installhub.runtime import aws_clients


@cache
def definition_objects() -> DefinitionObjects:
    """The definition bucket, for writing."""
    return DefinitionObjects(aws_clients.s3, settings().string("DEFINITION_BUCKET"))


@cache
def publisher() -> Publisher:
    """Publishes artifacts."""
    return Publisher(aws_clients.dynamodb(), settings().string("ARTIFACTS_TABLE"), definition_objects(), time.time)
