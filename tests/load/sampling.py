"""Memory and open files of a local stack's processes, sampled from /proc."""

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
    """A sample of one process.

    Attributes:
        second: Seconds since the start of sampling.
        pid: Process id.
        owner: Name of the function that the process runs, or EMULATOR.
        memory: Resident memory in bytes.
        files: Number of open files, including sockets and pipes.
    """

    second: float
    pid: int
    owner: str
    memory: int
    files: int


@dataclass
class Samples:
    """All samples of a run."""

    taken: list[Sample] = field(default_factory=list)

    def quarter(self, number: int, until: float) -> dict[int, list[Sample]]:
        """Return the samples of quarter ``number`` (1 to 4) of the first ``until`` seconds, by process id."""
        samples_by_pid: dict[int, list[Sample]] = {}
        for sample in self.taken:
            if (number - 1) * until / 4 <= sample.second < number * until / 4:
                samples_by_pid.setdefault(sample.pid, []).append(sample)
        return samples_by_pid


@dataclass(frozen=True, slots=True)
class Growth:
    """Medians of one process in the second and in the last quarter."""

    owner: str
    memory_before: float
    memory_after: float
    files_before: float
    files_after: float

    @property
    def memory(self) -> float:
        """Relative growth of memory."""
        return self.memory_after / self.memory_before - 1

    @property
    def files(self) -> float:
        """Growth of the number of open files."""
        return self.files_after - self.files_before


def growths(samples: Samples, until: float) -> list[Growth]:
    """Return the growth of every process that has samples in both quarters."""
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
    """Sample the emulator's process group every ``every`` seconds within the context."""
    samples, stop, started = Samples(), threading.Event(), time.monotonic()

    def sample() -> None:
        owners: dict[int, str] = {}
        while not stop.wait(every):
            second = time.monotonic() - started
            for pid in processes.find_in_group(group, str(INTERPRETER)):
                with contextlib.suppress(OSError):  # the process has ended
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
        stop.set()
        thread.join()


def _function(folder: Path) -> str:
    """Return the name of the function that a process runs; empty while the process is starting."""
    for entry in (folder / "environ").read_bytes().split(b"\0"):
        if entry.startswith(_NAME):
            return entry.removeprefix(_NAME).decode()
    return ""
