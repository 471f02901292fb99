"""Publishing artifacts."""

from __future__ import annotations

import time
from functools import cache

from installhub.artifacts.publisher import Publisher
from installhub.composition.definition_objects import definition_objects
from installhub.composition.process import settings
from installhub.composition.secret_policy import SecretPolicy, secret_policy
from installhub.runtime import aws_clients


@cache
def publisher() -> Publisher:
    """Publishes artifacts."""
    searches = secret_policy() is not SecretPolicy.OFF
    table = settings().string("ARTIFACTS_TABLE")
    return Publisher(aws_clients.dynamodb(), table, definition_objects(), time.time, searches=searches)
