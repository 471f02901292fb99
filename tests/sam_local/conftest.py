"""`make sam-local` with a separate stack; the suite is skipped if containers cannot run."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local import containers, docker, forwarder, sam_local, stack
from local.aws import isolate_environment
from local.state import PROJECT, SamLocal, State
from tests.system.client import Api

REQUIRED = "INSTALLHUB_DOCKER"
"""Set to `required` (as in .ci/run), this variable makes the suite fail instead of being skipped."""

ORIGIN = "https://portal.example.com"
PARAMETERS = f"MaxRoots=3 MaxInlineBundleBytes=20000 ExportRateLimit=1 ExportBurstLimit=1 AllowedOrigins={ORIGIN}"
TIMEOUT_SECONDS = 180


@dataclass(frozen=True)
class Served:
    """A running `sam local start-api`.

    Attributes:
        state: The state folder.
        api: A client of the server.
        stack_port: Port of the local stack.
        port: Port of the server.
    """

    state: State
    api: Api
    stack_port: int
    port: int

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run targets of the Makefile with this state folder."""
        settings = {"INSTALLHUB_STATE": str(self.state.root), "PORT": str(self.stack_port), "API_PORT": str(self.port)}
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        return subprocess.run(  # noqa: S603  # fixed command
            ["make", *arguments],  # noqa: S607  # make from PATH
            cwd=PROJECT,
            env={**environment, **settings},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )

    def up(self) -> str:
        """Run `make sam-local` and return its last line of output, the URL."""
        started = self.make("sam-local")
        assert started.returncode == 0, started.stderr
        return started.stdout.splitlines()[-1]

    def containers(self) -> list[str]:
        """Return the ids of the server's containers."""
        return docker.run("ps", "--all", "--quiet", "--filter", f"label={containers.label(self.state)}").split()

    def log(self) -> str:
        """Return the log of SAM and the functions."""
        return sam_local.log_file(self.state).read_text(errors="replace")


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """The API in containers, with the sample tenants in its tables."""
    isolate_environment()
    try:
        docker.architecture()
    except docker.DockerUnavailableError as error:
        if os.environ.get(REQUIRED) == "required":
            raise
        pytest.skip(error.message)
    state = State(PROJECT / ".local" / "sam-local-tests")
    _down(state)
    try:
        stack_port, port = free_port(), free_port()
        deployed = stack.up(state, PARAMETERS, port=stack_port)
        api = Api(state, deployed, f"http://127.0.0.1:{port}", timeout=TIMEOUT_SECONDS)
        served = Served(state, api, stack_port, port)
        assert served.up() == api.url
        yield served
        api.session.close()
    finally:
        _down(state)


@pytest.fixture
def api(served: Served) -> Api:
    return served.api


@pytest.fixture
def unreachable_stack(served: Served) -> Iterator[SamLocal]:
    """The server while its functions cannot reach the stack."""
    server = served.state.sam_local
    assert server
    if not server.forwarder:
        pytest.skip("containers reach the emulator without a forwarder here")
    forwarder.stop(server.forwarder)
    yield server
    served.up()


def _down(state: State) -> None:
    sam_local.down(state)
    stack.down(state)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
