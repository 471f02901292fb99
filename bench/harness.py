"""What every benchmark needs: outcomes against a bar, side-by-side timing, progress, and results on disk."""

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
"""Figures for the plots and the document, by topic."""


MANY_ROUNDS: Final = 20


class CannotRunError(Exception):
    """A benchmark lacks something on this machine; it counts as failed, with the reason."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One figure and its bar, as `results.json` has it.

    Attributes:
        name: `<row of the issue> <topic>: <what>`.
        ratio: Ours divided by the peer's or the floor's, or the figure itself where the bar is absolute; None if it
            was not run.
        bar: The condition that `ratio` should meet.
        holds: Whether it does.
        how: Against what, on what, with the absolute figures.
    """

    name: str
    ratio: float | None
    bar: str
    holds: bool
    how: str


def at_most(name: str, ratio: float, bar: float, how: str) -> Outcome:
    """An outcome that is good when it is small."""
    return Outcome(name, round(ratio, 4), f"<= {bar:g}", ratio <= bar, how)


def at_least(name: str, ratio: float, bar: float, how: str) -> Outcome:
    """An outcome that is good when it is large."""
    return Outcome(name, round(ratio, 4), f">= {bar:g}", ratio >= bar, how)


def not_run(name: str, bar: str, why: str) -> Outcome:
    """An outcome that could not be had, which is no success."""
    return Outcome(name, None, bar, holds=False, how=f"not run: {why}")


@dataclass(frozen=True, slots=True)
class Timed:
    """Times of rivals that ran in turn, round by round."""

    seconds: Mapping[str, list[float]]

    def median(self, name: str) -> float:
        """The median time of one of them."""
        return statistics.median(self.seconds[name])

    def ratio(self, ours: str, peer: str) -> float:
        """The median of the rounds' ratios: what disturbs one round disturbs both sides of it."""
        return statistics.median(a / b for a, b in zip(self.seconds[ours], self.seconds[peer], strict=True))


def time_alternately(
    contenders: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> Timed:
    """Run all of ``rivals`` in turn, ``rounds`` times, after one round that does not count."""
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


def log_progress(what: str) -> None:
    """Show progress."""
    print(f"    {what}", file=sys.stderr, flush=True)


def peak_memory() -> float:
    """Most memory that this process ever held, in MB.

    The kernel's high-water mark where there is one: ru_maxrss also counts what the parent held when it forked.
    """
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+)", status.read_text())):
        return int(found[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def save_figures(topic: str, figures: object) -> None:
    """Keep figures for the plots and the document."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    (SCRATCH / f"{topic}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def load_figures(topic: str) -> Any:  # noqa: ANN401  # JSON
    """Figures that `save` kept, or None."""
    file = SCRATCH / f"{topic}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def write_results(outcomes: list[Outcome], *, keep_others: bool) -> list[Outcome]:
    """Write `results.json`; those of other topics stay if asked for. Returns all it holds."""
    merged = {outcome.name: outcome for outcome in outcomes}
    if keep_others and RESULTS.exists():
        topics = {_topic(outcome.name) for outcome in outcomes}
        for entry in json.loads(RESULTS.read_text(encoding="utf-8")):
            if _topic(entry["name"]) not in topics:
                merged[entry["name"]] = Outcome(**entry)
    listed = sorted(merged.values(), key=lambda outcome: int(outcome.name.split()[0]))
    text = json.dumps([asdict(outcome) for outcome in listed], indent=2, ensure_ascii=False)
    RESULTS.write_text(f"{text}\n", encoding="utf-8")
    return listed


def _topic(name: str) -> str:
    return name.partition(":")[0]
