"""A deployed stack for the longer tests of faults, crashes, races and hostile input."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stacks import deployed
from tests.system.client import Api


@pytest.fixture(scope="session")
def api() -> Iterator[Api]:
    """A stack without rate limits, with the sample tenants."""
    yield from deployed(
        "chaos", "ExportRateLimit=10000 ExportBurstLimit=10000 StageRateLimit=10000 StageBurstLimit=10000"
    )
