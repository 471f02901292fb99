"""Deployed stacks for the system tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stacks import deployed, free_port
from tests.system.bus import Bus, outcome_listener
from tests.system.client import Api


@pytest.fixture(scope="session")
def api() -> Iterator[Api]:
    """A stack with the template's defaults and the sample tenants."""
    yield from deployed("system")


@pytest.fixture(scope="session")
def page_port() -> int:
    """The port of the only origin whose pages may call ``limited_api``."""
    return free_port()


@pytest.fixture(scope="session")
def limited_api(page_port: int) -> Iterator[Api]:
    """A second, new stack with low limits and the sample tenants."""
    yield from deployed(
        "system-limited",
        "ExportRateLimit=1 ExportBurstLimit=4 MaxRoots=3 MaxArtifacts=20 MaxDefinitionBytes=20000 "
        f"MaxInlineBundleBytes=2000 AllowedOrigins=http://localhost:{page_port}",
    )


@pytest.fixture(scope="module")
def bus(api: Api) -> Iterator[Bus]:
    """The event bus of ``api``, which receives the outcome events of this module's exports."""
    with outcome_listener(api) as bus:
        yield bus
