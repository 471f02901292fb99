"""The lifecycle of packages."""

from __future__ import annotations

import time
from functools import cache

from installhub.composition.packages import package_store
from installhub.composition.process import settings
from installhub.packages.indexed_lifecycle import IndexedLifecycle
from installhub.packages.lifecycle import LifecycleManager
from installhub.runtime import aws_clients


@cache
def lifecycle_manager() -> LifecycleManager:
    """Changes the lifecycle of packages."""
    index = IndexedLifecycle(aws_clients.dynamodb(), settings().string("PACKAGE_INDEX_TABLE"))
    return LifecycleManager(package_store(), index, time.time)
