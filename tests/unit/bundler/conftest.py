"""Fixture for running installed ZIP programs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., str]


@pytest.fixture
def run() -> Run:
    """Return a function that runs a program and returns its output; skips the test if it is not installed."""

    def run(program: str, *arguments: str | Path) -> str:
        path = shutil.which(program)
        if path is None:
            pytest.skip(f"{program} is not installed")
        result = subprocess.run([path, *arguments], capture_output=True, check=False)  # noqa: S603
        assert result.returncode == 0, result.stderr or result.stdout
        return result.stdout.decode()

    return run
