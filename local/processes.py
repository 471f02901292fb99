"""Finds and terminates processes on Linux and macOS, without `ps` where there is /proc (slim containers lack it)."""

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


def find_in_group(group: int, command: str) -> list[int]:
    """The processes of a group whose command line contains `command`, since process ids are reused."""
    listed = _from_proc() if PROC.is_dir() else _from_ps()
    return [pid for pid, own_group, line in listed if own_group == group and command in line]


def terminate_group(group: int, command: str, name: str) -> bool:
    """Terminate a group by SIGTERM, then SIGKILL; false if it has no such process. `name` is for error messages."""
    if not find_in_group(group, command):
        return False
    for attempt in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, attempt)
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            if not find_in_group(group, command):
                return True
            time.sleep(POLL_SECONDS)
    raise LocalStackError(f"cannot stop {name}", f"kill the process group {group} manually")


def _from_proc() -> Iterator[tuple[int, int, str]]:
    for folder in PROC.glob("[0-9]*"):
        pid = int(folder.name)
        try:
            yield pid, os.getpgid(pid), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # ended in the meantime, or not readable
            continue


def _from_ps() -> Iterator[tuple[int, int, str]]:
    table = subprocess.run(["/bin/ps", "-A", "-o", "pid=,pgid=,command="], capture_output=True, text=True, check=True)
    for row in table.stdout.splitlines():
        pid, group, command = row.split(maxsplit=2)
        yield int(pid), int(group), command
