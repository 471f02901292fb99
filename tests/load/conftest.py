"""Stacks of their own for the load tests, and how long these take."""

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
    """How long the soak takes; a short one shortens the other runs too, for a look at whether all works."""
    return int(os.environ.get("SOAK_SECONDS") or 900)


@pytest.fixture
def api() -> Iterator[Api]:
    """A stack that does not limit rates, with the sample tenants; fresh, so that no test meets another's processes."""
    for api in deployed("load", NO_LIMITS):
        publish_graph(api)
        yield api
