"""Deployed stacks for the load tests, and their duration."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.load.generator import publish_graph
from tests.stacks import deployed
from tests.system.client import Api

NO_LIMITS = "ExportRateLimit=10000 ExportBurstLimit=10000 StageRateLimit=10000 StageBurstLimit=10000"


@pytest.fixture(scope="session")
def soak_seconds() -> int:
    """Duration of the soak test; a short duration also shortens the other load tests, for a quick check."""
    return int(os.environ.get("SOAK_SECONDS") or 900)


@pytest.fixture
def api() -> Iterator[Api]:
    """A stack without rate limits, with the sample tenants; new for each test, so that tests share no processes."""
    for api in deployed("load", NO_LIMITS):
        publish_graph(api)
        yield api
