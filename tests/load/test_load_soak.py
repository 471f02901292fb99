"""A steady load for a quarter of an hour: the functions' processes stay as they are, and nothing is lost."""

from __future__ import annotations

from collections import Counter

from tests.conftest import Record
from tests.load.drawing import draw
from tests.load.generator import KINDS, failures, pace, pushed_back, run
from tests.load.sampling import EMULATOR, Growth, Sample, Samples, growths, sampled
from tests.load.verification import check_exports
from tests.system.client import Api

CALLERS = 4
SHARE = 0.5
"""Of what as many callers get done when nothing holds them back."""
CALIBRATION = 30
MOST_MEMORY = 0.05
"""By which part of itself a function's process may grow between the second and the last quarter."""
MOST_FILES = 1
SAMPLES = 300
CALLED = {"Authorizer", "Preview", "Export", "GetPackage", "Download", "ExportWorker", "Announce"}
"""The functions that the requests reach; their names in the template, less the word Function."""


def test_growth_is_computed_from_medians_of_the_same_process() -> None:
    flat = [Sample(second, 1, "export", 100, 8) for second in range(100)]
    leaking = [Sample(second, 2, "export", 100 + second, 8 + second) for second in range(100)]
    short = [Sample(second, 3, "export", 100, 8) for second in range(50)]

    one, two = growths(Samples([*flat, *leaking, *short]), 100)
    assert (one.memory, one.files) == (0, 0)
    assert (two.memory, two.files) == (187 / 137 - 1, 50)


def test_a_steady_load_leaves_the_functions_as_they_were(api: Api, soak_seconds: int, record: Record) -> None:
    assert api.state.emulator
    first = run(api, "calibration", CALLERS, CALIBRATION)
    rate = SHARE * pace(first, CALIBRATION / 2, CALIBRATION).per_second
    with sampled(api.state.emulator.pid, max(0.2, soak_seconds / SAMPLES)) as samples:
        answers = run(api, "soak", CALLERS, soak_seconds, rate=rate)

    assert failures([*first, *answers]) == Counter()
    assert {answer.kind for answer in answers if answer.outcome == "expected"} == KINDS
    assert len(answers) >= rate * soak_seconds * 0.8, "the load was what it should be"

    found = growths(samples, soak_seconds)
    functions = [growth for growth in found if growth.owner != EMULATOR]
    (emulator,) = (growth for growth in found if growth.owner == EMULATOR)
    assert {_short(growth.owner) for growth in functions} >= CALLED
    assert [growth for growth in functions if growth.memory > MOST_MEMORY] == []
    assert [growth for growth in functions if growth.files > MOST_FILES] == []
    kept = check_exports(api, [*first, *answers])
    assert min(kept.exported, kept.accepted) >= 1

    draw("soak", _plotted(samples, soak_seconds, len(answers) / soak_seconds))
    memory, files = max(functions, key=lambda one: one.memory), max(functions, key=lambda one: one.files)
    exports = sum(bool(answer.package) for answer in answers)
    per_export = (emulator.memory_after - emulator.memory_before) / (exports / 2)
    minutes = f"{soak_seconds / 60:.0f} minutes" if soak_seconds >= 120 else f"{soak_seconds} s"
    record(
        "load",
        "soak: errors",
        f"0 of {len(answers):,}",
        f"{minutes}, {len(answers) / soak_seconds:.0f} requests/s, {SHARE:.0%} of the maximum throughput of {CALLERS} "
        f"callers; besides, {pushed_back(answers)} got 429 or 503 with Retry-After",
    )
    record(
        "load",
        "soak: memory of the functions",
        f"{memory.memory:+.1%}",
        f"last quarter against the second, medians of the same process; the worst of {len(functions)} processes of "
        f"{len({one.owner for one in functions})} functions ({_short(memory.owner)}, {_mb(memory)}); may be "
        f"{MOST_MEMORY:+.0%}",
    )
    record(
        "load",
        "soak: open files of the functions",
        f"{files.files:+.0f}",
        f"likewise; the worst {_short(files.owner)}, {files.files_before:.0f} to {files.files_after:.0f}; may be "
        f"{MOST_FILES:+d}",
    )
    record(
        "load",
        "soak: memory of the emulator",
        f"{emulator.memory:+.0%}",
        f"same method, {_mb(emulator)}; it keeps tables and logs in memory: {per_export / 1000:.0f} KB per export, and "
        f"the requests around it; open files {emulator.files_before:.0f} to {emulator.files_after:.0f}; "
        "informative only",
    )
    record(
        "load",
        "soak: accepted and present afterwards",
        f"{kept.exported:,} of {kept.exported:,} exports, {kept.accepted:,} of {kept.accepted:,} asynchronous exports",
        f"as above; the auditor checked {kept.audited:,} packages, 0 findings",
    )


def _short(owner: str) -> str:
    """`installhub-GetPackageFunction-1A2B` is GetPackage."""
    return owner.split("-")[1].removesuffix("Function") if "-" in owner else owner


def _mb(growth: Growth) -> str:
    return f"{growth.memory_before / 1e6:.0f} to {growth.memory_after / 1e6:.0f} MB"


def _plotted(samples: Samples, until: float, rate: float) -> dict[str, object]:
    """The processes that were there longest, one a function."""
    processes: dict[int, list[Sample]] = {}
    for sample in samples.taken:
        processes.setdefault(sample.pid, []).append(sample)
    longest: dict[str, dict[str, list[float]]] = {}
    for taken in sorted(processes.values(), key=len):
        longest[_short(taken[-1].owner)] = {
            "seconds": [sample.second for sample in taken],
            "memory": [sample.memory for sample in taken],
            "files": [sample.files for sample in taken],
        }
    emulator = longest.pop(EMULATOR)
    return {"until": until, "rate": rate, "emulator": emulator, "functions": dict(sorted(longest.items()))}
