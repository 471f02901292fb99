"""Stacks of their own for the system tests, deployed as `make up` does."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from local import stack
from local.aws import isolate_environment
from local.state import PROJECT, State
from tests.system.client import Api

SAMPLES = PROJECT / "local" / "sample"


@pytest.fixture(scope="session")
def api() -> Iterator[Api]:
    """A stack with the template's defaults and the sample tenants."""
    yield from _deployed("system", "")


@pytest.fixture(scope="session")
def limited_api() -> Iterator[Api]:
    """A second, fresh stack with small limits and the sample tenants."""
    yield from _deployed(
        "system-limited",
        "ExportRateLimit=1 ExportBurstLimit=4 MaxRoots=3 MaxArtifacts=20 MaxDefinitionBytes=20000 "
        "MaxInlineBundleBytes=2000",
    )


def _deployed(name: str, parameters: str) -> Iterator[Api]:
    isolate_environment()
    state = State(PROJECT / ".local" / name)
    stack.down(state)
    try:
        api = Api(state, stack.up(state, parameters, port=_free_port()))
        for sample in sorted(SAMPLES.glob("*.json")):
            api.publish(json.loads(sample.read_text()))
        yield api
        api.session.close()
    finally:
        stack.down(state)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
