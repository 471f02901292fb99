from __future__ import annotations

from pathlib import Path

import pytest

from local.errors import LocalStackError
from local.state import Emulator, Stack, State

EMULATOR = Emulator(pid=4711, host="127.0.0.1", port=4566)
STACK = Stack("http://127.0.0.1:4566", "us-east-1", "http://127.0.0.1:4566/x", {"StageName": "prod"}, {"ApiId": "x"})


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def test_new_state_is_empty(state: State) -> None:
    assert state.emulator is None
    assert state.stack is None


def test_recorded_state_is_kept(state: State) -> None:
    state.emulator, state.stack = EMULATOR, STACK
    reloaded = State(state.root)
    assert (reloaded.emulator, reloaded.stack) == (EMULATOR, STACK)


def test_a_damaged_record_is_ignored(state: State) -> None:
    state.emulator = EMULATOR
    (state.root / "emulator.json").write_text('{"pid": 47')
    assert state.emulator is None


def test_deleting_a_run_keeps_the_build_and_the_key(state: State) -> None:
    state.emulator, state.stack = EMULATOR, STACK
    state.scratch.mkdir()
    state.build.mkdir()
    state.issuer_key.touch()
    state.clear()
    assert (state.emulator, state.stack) == (None, None)
    assert not state.scratch.exists()
    assert state.build.exists()
    assert state.issuer_key.exists()


def test_only_one_command_runs_at_a_time(state: State) -> None:
    with state.locked(), pytest.raises(LocalStackError, match="another command"), State(state.root).locked():
        pass
    with state.locked():
        pass


def test_outputs_are_flat() -> None:
    assert STACK.as_outputs() == {
        "endpoint": "http://127.0.0.1:4566",
        "region": "us-east-1",
        "url": "http://127.0.0.1:4566/x",
        "ApiId": "x",
    }
