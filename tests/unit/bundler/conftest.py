"""Programs that read ZIP files and know nothing of Python."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., str]


@pytest.fixture
def run() -> Run:
    """Run a program that may not be installed, and give what it prints."""

    def run(program: str, *arguments: str | Path) -> str:
        path = shutil.which(program)
        if path is None:
            pytest.skip(f"{program} is not installed")
        done = subprocess.run([path, *arguments], capture_output=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stderr or done.stdout
        return done.stdout.decode()

    return run
