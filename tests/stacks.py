"""Deployed stacks of a test suite's own, as `make up` makes them."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator

from local import stack
from local.aws import isolate_environment
from local.state import PROJECT, State
from tests.system.client import Api

SAMPLES = PROJECT / "local" / "sample"


def deployed(name: str, parameters: str = "") -> Iterator[Api]:
    """A fresh stack with the sample tenants, removed when the fixture ends.

    Its state folder is called ``name``; every worker process of a parallel run deploys a stack of its own.
    """
    isolate_environment()
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    state = State(PROJECT / ".local" / (f"{name}-{worker}" if worker else name))
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
