"""`make sam-local`: the real `sam local start-api` on the unchanged template, with the services of the local stack."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from local import containers, demo, docker, forwarder, processes, sam, stack
from local.aws import LOOPBACK
from local.console import stderr, step
from local.errors import LocalStackError
from local.issuer import DEFAULT_LIFETIME, DEFAULT_SCOPE, Issuer
from local.state import PROJECT, SamLocal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.state import Stack, State

DEFAULT_PORT = 3000
NAME = "`sam local start-api`"
NOT_STARTED = SamLocal(pid=0, forwarder=0, port=0, digest="")
START_SECONDS = 60.0
RESPONSE_SECONDS = 120.0
ATTEMPTS = 3
POLL_SECONDS = 0.1
CONTAINER_START_SECONDS = "60"  # the default of 20 s is too short on a busy machine
PROBE = "/api/installhub/packages/pkg-00000000-0000-5000-8000-000000000000"


def up(state: State, port: int | None, stack_port: int | None, stack_host: str | None) -> SamLocal:
    """Serve the API from containers and wait until it responds; keep a running server that is up to date."""
    architecture = docker.architecture()  # fail early
    deployed = demo.ensure_seeded_stack(state, stack_port, stack_host)
    with state.locked(), _stop_on_failure(state):
        running = _running(state)
        wanted = port or (running.port if running else DEFAULT_PORT)
        bridge, endpoint = _container_endpoint(state, running)
        server = replace(running or NOT_STARTED, forwarder=bridge)
        state.sam_local = server
        serves = containers.prepare(state, deployed, architecture, endpoint)
        if (server.port, server.digest) != (wanted, serves):
            if server.pid:
                _stop_server(state, server.pid)
            with step("Starting sam local") as starting:
                server = SamLocal(_start(state, deployed, wanted), bridge, wanted, serves)
                starting.note = server.url
            state.sam_local = server
        with step("Waiting for a response"):
            _check_functions(state, deployed, server)
        return server


def down(state: State) -> bool:
    """Stop the server, its containers and the forwarder; false if none was running."""
    with state.locked():
        return _stop(state)


def invoke(state: State, function: str, event: str) -> int:
    """Run `sam local invoke` for the function in a folder, with an event file; return its exit status."""
    running = _running(state)
    deployed = stack.current(state)
    if not running:
        raise LocalStackError("sam local is not running", "start it: make sam-local")
    if not (PROJECT / "functions" / function / "app.py").is_file():
        raise LocalStackError(
            f"there is no functions/{function}/app.py", "for example: make sam-invoke FUNCTION=export"
        )
    file = Path(event) if event else PROJECT / "events" / f"{function}.json"
    if not file.is_file():
        raise LocalStackError(f"there is no file {file}", "specify one: make sam-invoke FUNCTION=... EVENT=event.json")
    logical_id = "".join(word.capitalize() for word in function.split("_")) + "Function"
    outcome = subprocess.run(  # noqa: S603 - our own command
        [sam.SAM, "local", "invoke", logical_id, "--event", file, "--config-file", containers.config_file(state)],
        cwd=PROJECT,
        env=environment(state, deployed),
        check=False,
    )
    return outcome.returncode


@contextlib.contextmanager
def _stop_on_failure(state: State) -> Iterator[None]:
    try:
        yield
    except BaseException:
        _stop(state)
        raise


def _stop(state: State) -> bool:
    recorded = state.sam_local
    stopped = False
    if recorded:  # a process id of 0 means no process
        stopped = _stop_server(state, recorded.pid)
        stopped |= bool(recorded.forwarder) and forwarder.stop(recorded.forwarder)
    state.sam_local = None
    return stopped


def _stop_server(state: State, pid: int) -> bool:
    """Stop the server and its containers; containers first, since the server would wait seconds for each of them."""
    label = containers.label(state)
    stopped = docker.remove_containers(label) > 0
    stopped |= bool(pid) and processes.terminate_group(pid, str(sam.SAM), NAME)
    stopped |= docker.remove_containers(label) > 0
    return stopped


def _running(state: State) -> SamLocal | None:
    """The recorded server if it is running; otherwise, clean up after it."""
    recorded = state.sam_local
    if recorded and recorded.pid and processes.find_in_group(recorded.pid, str(sam.SAM)):
        return recorded
    if recorded:
        _stop(state)
    return None


def _container_endpoint(state: State, running: SamLocal | None) -> tuple[int, str]:
    """The stack's address for containers, after the forwarder's process id (0 if none is needed)."""
    emulator = state.emulator
    if not emulator:
        raise LocalStackError("the local stack is not running", "start it: make up")
    address = docker.bridge_address()
    if address is None:
        _warn_if_redirects_fail()
        return 0, f"http://{docker.DESKTOP_NAME}:{emulator.port}"
    endpoint = f"http://{address}:{emulator.port}"
    if emulator.host != LOOPBACK:
        return 0, endpoint
    if running and running.forwarder:
        if forwarder.is_running(running.forwarder, address, emulator.port):
            return running.forwarder, endpoint
        forwarder.stop(running.forwarder)
    return forwarder.start(state.logs, address, emulator.port), endpoint


def _warn_if_redirects_fail() -> None:
    try:
        socket.getaddrinfo(docker.DESKTOP_NAME, None)
    except OSError:
        stderr.print(
            f"Downloads of large bundles are redirected to {docker.DESKTOP_NAME}, which this machine cannot resolve. "
            f"To follow the redirects, add `{LOOPBACK} {docker.DESKTOP_NAME}` to /etc/hosts.",
            style="yellow",
            soft_wrap=True,
        )


def _start(state: State, deployed: Stack, port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if probe.connect_ex((LOOPBACK, port)) == 0:
            hint = f"choose another port: make sam-local API_PORT={port + 1}"
            raise LocalStackError(f"port {port} is in use by another program", hint)
    state.logs.mkdir(parents=True, exist_ok=True)
    log = log_file(state)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sam.SAM, "local", "start-api", "--config-file", containers.config_file(state), "--port", str(port)],
            cwd=PROJECT,
            env=environment(state, deployed),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_listening(process, port, log)
    except BaseException:
        processes.terminate_group(process.pid, str(sam.SAM), NAME)
        raise
    finally:
        process.returncode = process.poll() or 0  # it outlives this process on purpose; prevents a ResourceWarning
    return process.pid


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            reason = sam.last_error(log.read_text(encoding="utf-8", errors="replace"))
            raise LocalStackError(f"{NAME} failed: {reason}", f"the full output is in {log}")
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(POLL_SECONDS)
    raise LocalStackError(f"{NAME} did not listen within {START_SECONDS:.0f} s", f"see {log}")


def _check_functions(state: State, deployed: Stack, server: SamLocal) -> None:
    """Request a package that does not exist, which uses the authorizer, the issuer's keys and two tables."""
    parameters = deployed.parameters
    token = Issuer(state.issuer_key).token(
        parameters["TokenIssuer"], parameters["TokenAudience"], [demo.TENANT], DEFAULT_SCOPE, DEFAULT_LIFETIME
    )
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            headers = {"Authorization": f"Bearer {token}"}
            response = requests.get(f"{server.url}{PROBE}", headers=headers, timeout=RESPONSE_SECONDS)
        except requests.RequestException as error:
            reason = str(error)
        else:
            if response.status_code < requests.codes.server_error:
                return
            reason = f"{response.status_code} {response.text[:200]}"
    raise LocalStackError(f"the functions in containers fail: {reason}", f"see {log_file(state)}")


def environment(state: State, deployed: Stack) -> dict[str, str]:
    """The environment of `sam` itself, which sends its call to STS to the emulator."""
    return {
        **sam.environment(state),
        **docker.environment(),
        "AWS_ENDPOINT_URL": deployed.endpoint,
        "SAM_CLI_CONTAINER_CONNECTION_TIMEOUT": CONTAINER_START_SECONDS,
    }


def log_file(state: State) -> Path:
    """The log file of sam and the functions."""
    return state.logs / "sam-local.log"
