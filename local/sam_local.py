"""`make sam-local`: the real `sam local start-api` on the unchanged template, backed by the local stack."""

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
NOTHING = SamLocal(pid=0, forwarder=0, port=0, serves="")
START_SECONDS = 60.0
ANSWER_SECONDS = 120.0
TRIES = 3
POLL_SECONDS = 0.1
CONTAINER_SECONDS = "60"  # sam gives a container 20 s to start, which a busy machine may not keep
PROBE = "/api/installhub/packages/pkg-00000000-0000-5000-8000-000000000000"


def up(state: State, port: int | None, stack_port: int | None, stack_host: str | None) -> SamLocal:
    """Serve the API from containers and wait until it answers; what already runs and is up to date is left alone."""
    architecture = docker.architecture()  # before anything that takes time
    deployed = demo.seeded_stack(state, stack_port, stack_host)
    with state.locked(), _ended_on_failure(state):
        running = _running(state)
        wanted = port or (running.port if running else DEFAULT_PORT)
        bridge, endpoint = _way_to_the_stack(state, running)
        server = replace(running or NOTHING, forwarder=bridge)
        state.sam_local = server
        serves = containers.prepare(state, deployed, architecture, endpoint)
        if (server.port, server.serves) != (wanted, serves):
            if server.pid:
                _end_server(state, server.pid)
            with step("Starting sam local") as starting:
                server = SamLocal(_start(state, deployed, wanted), bridge, wanted, serves)
                starting.note = server.url
            state.sam_local = server
        with step("Waiting for an answer"):
            _answered(state, deployed, server)
        return server


def down(state: State) -> bool:
    """End the server, its containers and the forwarder; false if there was nothing to end."""
    with state.locked():
        return _end(state)


def invoke(state: State, function: str, event: str) -> int:
    """`sam local invoke` with a function's folder and an event's file; its exit status."""
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
        raise LocalStackError(f"there is no file {file}", "name one: make sam-invoke FUNCTION=... EVENT=event.json")
    logical_id = "".join(word.capitalize() for word in function.split("_")) + "Function"
    outcome = subprocess.run(  # noqa: S603 - our own command
        [sam.SAM, "local", "invoke", logical_id, "--event", file, "--config-file", containers.config_file(state)],
        cwd=PROJECT,
        env=environment(state, deployed),
        check=False,
    )
    return outcome.returncode


@contextlib.contextmanager
def _ended_on_failure(state: State) -> Iterator[None]:
    try:
        yield
    except BaseException:
        _end(state)
        raise


def _end(state: State) -> bool:
    recorded = state.sam_local
    ended = False
    if recorded:  # a process id of 0 stands for none
        ended = _end_server(state, recorded.pid)
        ended |= bool(recorded.forwarder) and forwarder.stop(recorded.forwarder)
    state.sam_local = None
    return ended


def _end_server(state: State, pid: int) -> bool:
    """End the server and remove its containers; first of all those, for each of which it would wait some seconds."""
    label = containers.label(state)
    ended = docker.remove_containers(label) > 0
    ended |= bool(pid) and processes.end(pid, str(sam.SAM), NAME)
    ended |= docker.remove_containers(label) > 0
    return ended


def _running(state: State) -> SamLocal | None:
    """The server that was started last, if it lives; the rest of one that died is cleared away."""
    recorded = state.sam_local
    if recorded and recorded.pid and processes.of_group(recorded.pid, str(sam.SAM)):
        return recorded
    if recorded:
        _end(state)
    return None


def _way_to_the_stack(state: State, running: SamLocal | None) -> tuple[int, str]:
    """How containers reach the stack: the forwarder's process, or 0 if none is needed, and the address."""
    emulator = state.emulator
    if not emulator:
        raise LocalStackError("the local stack is not running", "start it: make up")
    address = docker.bridge_address()
    if address is None:
        _warn_of_redirects()
        return 0, f"http://{docker.DESKTOP_NAME}:{emulator.port}"
    endpoint = f"http://{address}:{emulator.port}"
    if emulator.host != LOOPBACK:
        return 0, endpoint
    if running and running.forwarder:
        if forwarder.is_running(running.forwarder, address, emulator.port):
            return running.forwarder, endpoint
        forwarder.stop(running.forwarder)
    return forwarder.start(state.logs, address, emulator.port), endpoint


def _warn_of_redirects() -> None:
    try:
        socket.getaddrinfo(docker.DESKTOP_NAME, None)
    except OSError:
        stderr.print(
            f"This machine does not know the name {docker.DESKTOP_NAME}, to which large bundles are redirected: "
            f"add the line `{LOOPBACK} {docker.DESKTOP_NAME}` to /etc/hosts to follow them.",
            style="yellow",
            soft_wrap=True,
        )


def _start(state: State, deployed: Stack, port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if probe.connect_ex((LOOPBACK, port)) == 0:
            hint = f"choose another: make sam-local API_PORT={port + 1}"
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
        _await(process, port, log)
    except BaseException:
        processes.end(process.pid, str(sam.SAM), NAME)
        raise
    finally:
        process.returncode = process.poll() or 0  # it outlives us on purpose; Popen would warn of that
    return process.pid


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            reason = sam.last_error(log.read_text(encoding="utf-8", errors="replace"))
            raise LocalStackError(f"{NAME} failed: {reason}", f"everything it said is in {log}")
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(POLL_SECONDS)
    raise LocalStackError(f"{NAME} did not listen within {START_SECONDS:.0f} s", f"see {log}")


def _answered(state: State, deployed: Stack, server: SamLocal) -> None:
    """Ask for a package that is not there: that takes the authorizer, the issuer's keys and two tables."""
    parameters = deployed.parameters
    token = Issuer(state.issuer_key).token(
        parameters["TokenIssuer"], parameters["TokenAudience"], [demo.TENANT], DEFAULT_SCOPE, DEFAULT_LIFETIME
    )
    said = ""
    for _ in range(TRIES):
        try:
            headers = {"Authorization": f"Bearer {token}"}
            answer = requests.get(f"{server.url}{PROBE}", headers=headers, timeout=ANSWER_SECONDS)
        except requests.RequestException as error:
            said = str(error)
        else:
            if answer.status_code < requests.codes.server_error:
                return
            said = f"{answer.status_code} {answer.text[:200]}"
    raise LocalStackError(f"the functions in containers fail: {said}", f"see {log_file(state)}")


def environment(state: State, deployed: Stack) -> dict[str, str]:
    """What `sam` itself sees. It asks STS who we are: let that be the emulator's."""
    return {
        **sam.surroundings(state),
        **docker.environment(),
        "AWS_ENDPOINT_URL": deployed.endpoint,
        "SAM_CLI_CONTAINER_CONNECTION_TIMEOUT": CONTAINER_SECONDS,
    }


def log_file(state: State) -> Path:
    """What sam and the functions write."""
    return state.logs / "sam-local.log"
