"""Local stacks for test suites, deployed like with `make up`."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from local import stack
from local.aws import isolate_environment
from local.settings import TEMPLATE
from local.state import PROJECT, State
from tests.system.client import Api

SAMPLES = PROJECT / "local" / "sample"


def deployed(name: str, parameters: str = "", template: Path = TEMPLATE) -> Iterator[Api]:
    """Deploy a new stack with the sample tenants, and remove it when the fixture ends.

    ``name`` is the name of its state folder. In a parallel run, each worker process deploys a separate stack.
    """
    isolate_environment()
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    state = State(PROJECT / ".local" / (f"{name}-{worker}" if worker else name))
    stack.down(state)
    try:
        api = Api(state, stack.up(state, parameters, port=free_port(), template=template))
        for sample in sorted(SAMPLES.glob("*.json")):
            api.publish(json.loads(sample.read_text()))
        yield api
        api.session.close()
    finally:
        stack.down(state)


def free_port() -> int:
    """Return an unused port of the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
