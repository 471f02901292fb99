"""Processes restored from one snapshot: nothing that has to differ was created before it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

FUNCTIONS: Final = Path(__file__).parents[3] / "functions"

# Stands in for the runtime's module. A restored process has the random numbers' state of the snapshot.
HOOKS: Final = "hooks = []\ndef register_after_restore(hook): hooks.append(hook)\n"
RESTORE: Final = """
import json, random
import app
import snapshot_restore_py as runtime
snapshot, drawn = random.getstate(), []
for _ in range(2):
    random.setstate(snapshot)
    for hook in runtime.hooks: hook()
    drawn.append(random.random())
print(json.dumps([len(runtime.hooks), drawn[0] == drawn[1]]))
"""
CREATED: Final = """
import app, json, socket, sys, gc
from installhub.runtime import aws_clients
caches = [name for module in list(sys.modules.values()) if (module.__name__ or "").startswith("installhub.")
          for name, item in vars(module).items() if hasattr(item, "cache_info") and item.cache_info().currsize]
sockets = [repr(item) for item in gc.get_objects() if isinstance(item, socket.socket)]
print(json.dumps([caches, sockets]))
"""
every_function = pytest.mark.parametrize(
    "function", sorted(folder.parent.name for folder in FUNCTIONS.glob("*/app.py"))
)


def run(function: str, program: str, hooks: Path) -> object:
    (hooks / "snapshot_restore_py.py").write_text(HOOKS)
    result = subprocess.run(  # noqa: S603  # fixed command
        [sys.executable, "-c", program],
        cwd=FUNCTIONS / function,
        env={**os.environ, "PYTHONPATH": str(hooks), "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(result.stdout)


def test_restored_processes_wait_for_different_times(tmp_path: Path) -> None:
    assert run("export", RESTORE, tmp_path) == [1, False]


@every_function
def test_no_client_cache_or_connection_is_created_before_the_snapshot(function: str, tmp_path: Path) -> None:
    assert run(function, CREATED, tmp_path) == [[], []]
