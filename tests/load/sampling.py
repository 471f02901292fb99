"""Memory and open files of the processes behind a local stack, from /proc."""

from __future__ import annotations

import contextlib
import os
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local import processes
from local.emulator import INTERPRETER

EMULATOR = "emulator"
_NAME = b"AWS_LAMBDA_FUNCTION_NAME="
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Sample:
    """One process at one moment.

    Attributes:
        second: Since the sampling began.
        pid: Of the process.
        owner: The function that the process runs, or EMULATOR.
        memory: Resident, in bytes.
        files: Open ones, sockets and pipes included.
    """

    second: float
    pid: int
    owner: str
    memory: int
    files: int


@dataclass
class Samples:
    """All that was seen."""

    taken: list[Sample] = field(default_factory=list)

    def quarter(self, number: int, until: float) -> dict[int, list[Sample]]:
        """The samples of the second (2) or another quarter of the time ``until`` the end, by process."""
        found: dict[int, list[Sample]] = {}
        for sample in self.taken:
            if (number - 1) * until / 4 <= sample.second < number * until / 4:
                found.setdefault(sample.pid, []).append(sample)
        return found


@dataclass(frozen=True, slots=True)
class Growth:
    """What became of one process between the second and the last quarter, by medians."""

    owner: str
    memory_before: float
    memory_after: float
    files_before: float
    files_after: float

    @property
    def memory(self) -> float:
        """By which part of itself the memory grew."""
        return self.memory_after / self.memory_before - 1

    @property
    def files(self) -> float:
        """How many more files are open."""
        return self.files_after - self.files_before


def growths(samples: Samples, until: float) -> list[Growth]:
    """Of every process that lived in both quarters."""
    before, after = samples.quarter(2, until), samples.quarter(4, until)
    return [
        Growth(
            before[pid][0].owner,
            statistics.median(sample.memory for sample in before[pid]),
            statistics.median(sample.memory for sample in after[pid]),
            statistics.median(sample.files for sample in before[pid]),
            statistics.median(sample.files for sample in after[pid]),
        )
        for pid in sorted(before.keys() & after.keys())
    ]


@contextmanager
def sampled(group: int, every: float) -> Iterator[Samples]:
    """Look at the emulator's process group every so many seconds, until the block ends."""
    samples, ended, began = Samples(), threading.Event(), time.monotonic()

    def sample() -> None:
        owners: dict[int, str] = {}
        while not ended.wait(every):
            second = time.monotonic() - began
            for pid in processes.find_in_group(group, str(INTERPRETER)):
                with contextlib.suppress(OSError):  # it has ended
                    folder = Path("/proc") / str(pid)
                    if pid not in owners and (name := EMULATOR if pid == group else _function(folder)):
                        owners[pid] = name
                    memory = int((folder / "statm").read_text().split()[1]) * _PAGE
                    samples.taken.append(
                        Sample(second, pid, owners.get(pid, "other"), memory, sum(1 for _ in (folder / "fd").iterdir()))
                    )

    thread = threading.Thread(target=sample, name="sampling")
    thread.start()
    try:
        yield samples
    finally:
        ended.set()
        thread.join()


def _function(folder: Path) -> str:
    """The name of the function that a process of the emulator's runs; none while it is being started."""
    for entry in (folder / "environ").read_bytes().split(b"\0"):
        if entry.startswith(_NAME):
            return entry.removeprefix(_NAME).decode()
    return ""
