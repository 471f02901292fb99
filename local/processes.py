"""Finds and ends processes, with what every Linux and macOS has (slim containers have no `ps`)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = Path("/proc")
END_SECONDS = 10.0
POLL_SECONDS = 0.1


def of_group(group: int, command: str) -> list[int]:
    """The processes of a group whose command line holds `command`: a number alone may be another's by now."""
    listed = _from_proc() if PROC.is_dir() else _from_ps()
    return [pid for pid, of, line in listed if of == group and command in line]


def end(group: int, command: str, name: str) -> bool:
    """End those processes, by force if they do not listen; false if there were none. `name` is for the user."""
    if not of_group(group, command):
        return False
    for attempt in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, attempt)
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            if not of_group(group, command):
                return True
            time.sleep(POLL_SECONDS)
    raise LocalStackError(f"{name} could not be ended", f"end the process group {group} by hand")


def _from_proc() -> Iterator[tuple[int, int, str]]:
    for folder in PROC.glob("[0-9]*"):
        pid = int(folder.name)
        try:
            yield pid, os.getpgid(pid), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # ended meanwhile, or not ours to see
            continue


def _from_ps() -> Iterator[tuple[int, int, str]]:
    table = subprocess.run(["/bin/ps", "-A", "-o", "pid=,pgid=,command="], capture_output=True, text=True, check=True)
    for row in table.stdout.splitlines():
        pid, group, command = row.split(maxsplit=2)
        yield int(pid), int(group), command
