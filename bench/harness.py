"""Shared parts of the benchmarks: outcomes with limits, interleaved timing, progress, and stored results."""

from __future__ import annotations

import gc
import json
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).parents[1]
RESULTS: Final = PROJECT / "bench" / "results.json"
SCRATCH: Final = PROJECT / ".local" / "bench"
"""The folder of the figures for the plots and docs/performance.md, one file per topic."""

MANY_ROUNDS: Final = 20
"""From this number of rounds on, only about five of them are logged."""


class CannotRunError(Exception):
    """A benchmark cannot run on this machine; it counts as failed, with the reason."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One figure and its limit, an entry of `results.json`.

    Attributes:
        name: `<row of the requirements> <topic>: <what>`.
        ratio: The product's figure divided by the alternative's or the baseline's, or the figure itself if the limit is
            absolute; None if it was not run.
        bar: The limit, such as `<= 1.1`.
        holds: Whether `ratio` meets the limit.
        how: What was compared and how it was measured, with the absolute figures.
    """

    name: str
    ratio: float | None
    bar: str
    holds: bool
    how: str


def at_most(name: str, ratio: float, bar: float, how: str) -> Outcome:
    """An outcome with an upper limit."""
    return Outcome(name, round(ratio, 4), f"<= {bar:g}", ratio <= bar, how)


def at_least(name: str, ratio: float, bar: float, how: str) -> Outcome:
    """An outcome with a lower limit."""
    return Outcome(name, round(ratio, 4), f">= {bar:g}", ratio >= bar, how)


def not_run(name: str, bar: str, why: str) -> Outcome:
    """The outcome of a benchmark that could not run, which counts as failed."""
    return Outcome(name, None, bar, holds=False, how=f"not run: {why}")


@dataclass(frozen=True, slots=True)
class Timed:
    """Times of contenders that ran alternately, by round."""

    seconds: Mapping[str, list[float]]

    def median(self, name: str) -> float:
        """The median time of a contender."""
        return statistics.median(self.seconds[name])

    def ratio(self, ours: str, peer: str) -> float:
        """The median of the ratios per round, since a disturbance affects both contenders of a round."""
        return statistics.median(a / b for a, b in zip(self.seconds[ours], self.seconds[peer], strict=True))


def time_alternately(
    contenders: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> Timed:
    """Run all ``contenders`` alternately for ``rounds`` rounds, after a warm-up round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, run in contenders.items():
            gc.collect()
            start = clock()
            result = run()
            took = clock() - start
            del result
            if turn:
                seconds[name].append(took)
        if turn and (rounds < MANY_ROUNDS or turn % (rounds // 5) == 0):
            log_progress(
                f"round {turn} of {rounds}: " + ", ".join(f"{name} {took[-1]:.3g} s" for name, took in seconds.items())
            )
    return Timed(seconds)


def log_progress(message: str) -> None:
    """Print a line of progress."""
    print(f"    {message}", file=sys.stderr, flush=True)


def peak_memory() -> float:
    """The peak memory of this process, in MB.

    Uses the kernel's high-water mark if available, since ru_maxrss includes the parent's memory at the fork.
    """
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+)", status.read_text())):
        return int(found[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def save_figures(topic: str, figures: object) -> None:
    """Save figures for the plots and docs/performance.md."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    (SCRATCH / f"{topic}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def load_figures(topic: str) -> Any:  # noqa: ANN401  # JSON
    """Figures saved by `save_figures`, or None."""
    file = SCRATCH / f"{topic}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def read_results() -> list[Outcome]:
    """All results in `results.json`."""
    if not RESULTS.exists():
        return []
    return [Outcome(**entry) for entry in json.loads(RESULTS.read_text(encoding="utf-8"))]


def write_results(outcomes: list[Outcome], *, keep_others: bool) -> list[Outcome]:
    """Write `results.json`, optionally keeping the results of other topics. Returns all results in it."""
    merged = {outcome.name: outcome for outcome in outcomes}
    if keep_others:
        topics = {_topic(outcome.name) for outcome in outcomes}
        merged |= {outcome.name: outcome for outcome in read_results() if _topic(outcome.name) not in topics}
    listed = sorted(merged.values(), key=lambda outcome: int(outcome.name.split()[0]))
    text = json.dumps([asdict(outcome) for outcome in listed], indent=2, ensure_ascii=False)
    RESULTS.write_text(f"{text}\n", encoding="utf-8")
    return listed


def _topic(name: str) -> str:
    return name.partition(":")[0]
