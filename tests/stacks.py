"""Deployed stacks of a test suite's own, as `make up` makes them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

from local import stack
from local.aws import isolate_environment
from local.state import PROJECT, State
from tests.system.client import Api

SAMPLES = PROJECT / "local" / "sample"


def deployed(name: str, parameters: str = "") -> Iterator[Api]:
    """A fresh stack with the sample tenants, in a state folder called ``name``; it is gone when the fixture ends."""
    isolate_environment()
    state = State(PROJECT / ".local" / name)
    stack.down(state)
    try:
        api = Api(state, stack.up(state, parameters, port=free_port()))
        for sample in sorted(SAMPLES.glob("*.json")):
            api.publish(json.loads(sample.read_text()))
        yield api
        api.session.close()
    finally:
        stack.down(state)


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
