"""Tests mutants: changes one file in a copy of the project and runs the tests of its room."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import IO, Any, Final

from tools.mutation.coverage_map import CoverageMap
from tools.mutation.mutants import Mutant
from tools.mutation.results import RoomResult, Status

PROJECT: Final = Path(__file__).parents[2]
SOURCES: Final = Path("layers", "installhub", "src")
PYTHON: Final = PROJECT / ".venv" / "bin" / "python"

_FIRST_RUN_SECONDS: Final = 600.0
_MIN_TIMEOUT_SECONDS: Final = 10.0
_TIMEOUT_FACTOR: Final = 4
"""The timeout of a mutant relative to the duration of the tests on the original code."""

# With a fixed seed, Hypothesis generates the same examples for all mutants and runs.
_PYTEST: Final = ("-x", "-q", "--hypothesis-seed=0", "-p", "no:cacheprovider", "-p", "no:xdist")
_LINE_COVERAGE: Final = ("-p", "tools.mutation.line_coverage")
_PRELOADED: Final = ("-W", "ignore::pytest.PytestAssertRewriteWarning")


@dataclass(frozen=True)
class Room:
    """A part of the layer, and the tests for its mutants.

    Attributes:
        name: The name of the room.
        code: Its files and folders within the package.
        tests: Files and folders of tests, the fastest first.
        slow: Tests among them that are too slow to run for every mutant.
    """

    name: str
    code: tuple[str, ...]
    tests: tuple[str, ...]
    slow: tuple[str, ...] = ()

    @property
    def selection(self) -> list[str]:
        """The arguments of pytest that select the tests."""
        return [*self.tests, *(f"--deselect={test}" for test in self.slow)]


class TestRunner:
    """A copy of the project with a process that runs its tests."""

    def __init__(self, folder: Path, process: subprocess.Popen[str], package: str) -> None:
        self._folder = folder
        self._package = folder / SOURCES / package
        self._original = PROJECT / SOURCES / package
        self._input: IO[str] = _piped(process.stdin)
        self._output: IO[str] = _piped(process.stdout)
        self._read_response()

    def test(self, tests: Iterable[str], seconds: float) -> tuple[int | None, float]:
        """Run tests; return pytest's exit code, or None after a timeout, and the duration in seconds."""
        arguments = [*_PYTEST, *_PRELOADED, *tests]
        request = {"arguments": arguments, "seconds": seconds, "output": str(self._folder / "output")}
        print(json.dumps(request), file=self._input, flush=True)
        answer = self._read_response()
        return answer["code"], answer["seconds"]

    def measure(self, tests: Iterable[str]) -> tuple[int | None, float, CoverageMap]:
        """Run tests; return the exit code, the duration, and which test executes which lines."""
        file = self._folder / "line-coverage.json"
        options = ("--line-coverage", str(file), "--line-coverage-source", str(self._package))
        self.test([*_LINE_COVERAGE, *options, *tests], _FIRST_RUN_SECONDS)
        coverage = CoverageMap.read(file, self._original) if file.exists() else CoverageMap(self._original, {}, {})
        return *self.test(tests, _FIRST_RUN_SECONDS), coverage

    @property
    def last_output(self) -> str:
        """The end of the output of the last tests."""
        return (self._folder / "output").read_text(errors="replace")[-3000:]

    @contextmanager
    def mutated_file(self, file: str, code: str) -> Iterator[None]:
        """Replace the content of a file of the package within the context."""
        path = self._package / file
        original, times = path.read_bytes(), path.stat()
        path.write_text(code, encoding="utf-8")
        # Python validates bytecode by time and size, which two mutants within a second may share.
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns + 10**12))
        try:
            yield
        finally:
            path.write_bytes(original)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def _read_response(self) -> Any:  # noqa: ANN401  # JSON
        line = self._output.readline()
        if not line:
            raise RuntimeError("the test process ended unexpectedly")
        return json.loads(line)


def _piped(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise ValueError("the process has no pipes")
    return stream


@contextmanager
def create_test_runner(package: str, preload: Iterable[str]) -> Iterator[TestRunner]:
    """A test runner in a temporary folder. ``preload`` lists slow modules to import beforehand."""
    with TemporaryDirectory(prefix="mutation-") as name:
        folder = Path(name)
        _copy_project(folder)
        environment = {
            **os.environ,
            "PYTHONPATH": str(folder / SOURCES),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",  # for reproducible orders of sets
        }
        command = [str(PYTHON), "-m", "tools.mutation.server", *preload]
        with subprocess.Popen(  # noqa: S603  # our own command
            command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            yield TestRunner(folder, process, package)


def _copy_project(folder: Path) -> None:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)  # noqa: S603  # our own
    for name in listed.stdout.split("\0"):
        if name and (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)


def run_room(
    room: Room,
    mutants: list[Mutant],
    test_runners: list[TestRunner],
    until: float,
    report: Callable[[Mutant, Status], None],
) -> RoomResult:
    """Test mutants in order until all are tested or the monotonic clock reaches ``until``."""
    result = RoomResult(room.name, mutants)
    first = test_runners[0]
    code, seconds, coverage = first.measure(room.selection)
    if code != 0:
        result.failure = f"its tests fail on the unchanged code:\n{first.last_output}"
        return result
    broken = mutants[0].file if mutants else ""
    with first.mutated_file(broken, "raise ImportError\n"):
        if first.test(room.selection, _FIRST_RUN_SECONDS)[0] == 0:
            result.failure = f"its tests pass although {broken} cannot be imported"
            return result
    timeout = max(_MIN_TIMEOUT_SECONDS, _TIMEOUT_FACTOR * seconds)
    waiting, lock = iter(mutants), Lock()

    def work(runner: TestRunner) -> None:
        while time.monotonic() < until:
            with lock:
                mutant = next(waiting, None)
            if mutant is None:
                return
            with runner.mutated_file(mutant.file, mutant.code):
                status = _test_mutant(mutant, room, runner, coverage, timeout)
            with lock:
                result.tested.append((mutant, status))
                report(mutant, status)

    with ThreadPoolExecutor(len(test_runners)) as pool:
        for done in [pool.submit(work, runner) for runner in test_runners]:
            done.result()
    return result


def _test_mutant(mutant: Mutant, room: Room, runner: TestRunner, coverage: CoverageMap, timeout: float) -> Status:
    """Run the tests that execute the mutated code, then all tests of the room before counting it as a survivor."""
    covering = coverage.find_tests(mutant.file, mutant.line)
    if covering:
        status = _status(runner.test(covering, timeout)[0])
        if status is not Status.SURVIVED:
            return status
    return _status(runner.test(room.selection, timeout)[0])


def _status(code: int | None) -> Status:
    if code is None:
        return Status.TIMED_OUT
    return Status.SURVIVED if code == 0 else Status.KILLED


@contextmanager
def create_test_runners(count: int, package: str, preload: list[str]) -> Iterator[list[TestRunner]]:
    """Test runners, one per parallel job."""
    with ExitStack() as stack:
        yield [stack.enter_context(create_test_runner(package, preload)) for _ in range(count)]
