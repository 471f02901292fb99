from __future__ import annotations

import socket
from pathlib import Path

import pytest

from local import docker, forwarder, sam_local, stack
from local.errors import LocalStackError
from local.state import Emulator, SamLocal, State


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    """A stack on the loopback address with Docker on Linux; a new forwarder has the process id 4712."""
    state = State(tmp_path)
    state.emulator = Emulator(pid=4711, host="127.0.0.1", port=4700)
    monkeypatch.setattr(docker, "bridge_address", lambda: "172.17.0.1")
    monkeypatch.setattr(forwarder, "start", lambda _logs, address, port: {("172.17.0.1", 4700): 4712}[address, port])
    return state


def test_a_stack_on_the_loopback_address_gets_a_forwarder(state: State) -> None:
    assert sam_local._container_endpoint(state, None) == (4712, "http://172.17.0.1:4700")


@pytest.mark.parametrize(("alive", "expected"), [(True, 4000), (False, 4712)])
def test_a_running_forwarder_is_kept(
    state: State, monkeypatch: pytest.MonkeyPatch, *, alive: bool, expected: int
) -> None:
    monkeypatch.setattr(forwarder, "is_running", lambda *_: alive)
    monkeypatch.setattr(forwarder, "stop", lambda _: True)
    running = SamLocal(pid=1, forwarder=4000, port=3000, digest="")
    assert sam_local._container_endpoint(state, running) == (expected, "http://172.17.0.1:4700")


def test_a_stack_on_every_address_needs_no_forwarder(state: State) -> None:
    state.emulator = Emulator(pid=4711, host="0.0.0.0", port=4700)  # noqa: S104  # not bound
    assert sam_local._container_endpoint(state, None) == (0, "http://172.17.0.1:4700")


@pytest.mark.parametrize("resolves", [True, False])
def test_docker_in_a_virtual_machine_uses_its_name_for_the_host(
    state: State, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, resolves: bool
) -> None:
    def resolve(*_: object) -> list[object]:
        if resolves:
            return []
        raise socket.gaierror

    monkeypatch.setattr(docker, "bridge_address", lambda: None)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert sam_local._container_endpoint(state, None) == (0, "http://host.docker.internal:4700")
    assert ("127.0.0.1 host.docker.internal" in capsys.readouterr().err) is not resolves


def test_without_a_stack_there_is_no_address(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match="not running"):
        sam_local._container_endpoint(State(tmp_path), None)


@pytest.mark.parametrize(
    ("function", "event", "message"),
    [("nothing", "", "there is no functions/nothing/app.py"), ("export", "none.json", "there is no file none.json")],
)
def test_an_unknown_function_cannot_be_invoked(
    state: State, monkeypatch: pytest.MonkeyPatch, function: str, event: str, message: str
) -> None:
    monkeypatch.setattr(sam_local, "_running", lambda _: SamLocal(1, 0, 3000, ""))
    monkeypatch.setattr(stack, "current", lambda _: None)
    with pytest.raises(LocalStackError, match=message):
        sam_local.invoke(state, function, event)
