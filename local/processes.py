"""Finds processes, with what every Linux and macOS has (slim containers have no `ps`)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = Path("/proc")


def of_group(group: int, command: str) -> list[int]:
    """The processes of a group whose command line holds `command`: a number alone may be another's by now."""
    listed = _from_proc() if PROC.is_dir() else _from_ps()
    return [pid for pid, of, line in listed if of == group and command in line]


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
