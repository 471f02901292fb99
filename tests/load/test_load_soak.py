"""A steady load for 15 minutes: memory and open files of the functions do not grow, and no export is lost."""

from __future__ import annotations

from collections import Counter

from tests.conftest import Record
from tests.load.generator import KINDS, failures, measure_performance, run, throttled
from tests.load.plotting import draw
from tests.load.sampling import EMULATOR, Growth, Sample, Samples, growths, sampled
from tests.load.verification import check_exports
from tests.system.client import Api

CALLERS = 4
SHARE = 0.5
"""Share of the maximum throughput of the same number of callers."""
CALIBRATION_SECONDS = 30
MAX_MEMORY_GROWTH = 0.05
"""Maximum relative growth of a function's process between the second and the last quarter."""
MAX_FILE_GROWTH = 1
SAMPLES = 300
INVOKED_FUNCTIONS = {"Authorizer", "Preview", "Export", "GetPackage", "Download", "ExportWorker", "Announce"}
"""The functions that are invoked, by their names in the template without the suffix Function."""


def test_growth_is_computed_from_medians_of_the_same_process() -> None:
    flat = [Sample(second, 1, "export", 100, 8) for second in range(100)]
    leaking = [Sample(second, 2, "export", 100 + second, 8 + second) for second in range(100)]
    short = [Sample(second, 3, "export", 100, 8) for second in range(50)]

    flat_growth, leaking_growth = growths(Samples([*flat, *leaking, *short]), 100)
    assert (flat_growth.memory, flat_growth.files) == (0, 0)
    assert (leaking_growth.memory, leaking_growth.files) == (187 / 137 - 1, 50)


def test_a_steady_load_does_not_grow_memory_or_open_files(api: Api, soak_seconds: int, record: Record) -> None:
    assert api.state.emulator
    calibration = run(api, "calibration", CALLERS, CALIBRATION_SECONDS)
    rate = SHARE * measure_performance(calibration, CALIBRATION_SECONDS / 2, CALIBRATION_SECONDS).per_second
    with sampled(api.state.emulator.pid, max(0.2, soak_seconds / SAMPLES)) as samples:
        results = run(api, "soak", CALLERS, soak_seconds, rate=rate)

    assert failures([*calibration, *results]) == Counter()
    assert {result.kind for result in results if result.outcome == "expected"} == KINDS
    assert len(results) >= rate * soak_seconds * 0.8, "the rate was reached"

    all_growths = growths(samples, soak_seconds)
    functions = [growth for growth in all_growths if growth.owner != EMULATOR]
    (emulator,) = (growth for growth in all_growths if growth.owner == EMULATOR)
    assert {_short(growth.owner) for growth in functions} >= INVOKED_FUNCTIONS
    assert [growth for growth in functions if growth.memory > MAX_MEMORY_GROWTH] == []
    assert [growth for growth in functions if growth.files > MAX_FILE_GROWTH] == []
    verified = check_exports(api, [*calibration, *results])
    assert min(verified.exported, verified.accepted) >= 1

    draw("soak", _plot_figures(samples, soak_seconds, len(results) / soak_seconds))
    memory, files = max(functions, key=lambda growth: growth.memory), max(functions, key=lambda growth: growth.files)
    exports = sum(bool(result.package) for result in results)
    per_export = (emulator.memory_after - emulator.memory_before) / (exports / 2)
    minutes = f"{soak_seconds / 60:.0f} minutes" if soak_seconds >= 120 else f"{soak_seconds} s"
    record(
        "load",
        "soak: errors",
        f"0 of {len(results):,}",
        f"{minutes}, {len(results) / soak_seconds:.0f} requests/s, {SHARE:.0%} of the maximum throughput of {CALLERS} "
        f"callers; besides, {throttled(results)} got 429 or 503 with Retry-After",
    )
    record(
        "load",
        "soak: memory of the functions",
        f"{memory.memory:+.1%}",
        f"last quarter against the second, medians of the same process; the worst of {len(functions)} processes of "
        f"{len({growth.owner for growth in functions})} functions ({_short(memory.owner)}, {_mb(memory)}); may be "
        f"{MAX_MEMORY_GROWTH:+.0%}",
    )
    record(
        "load",
        "soak: open files of the functions",
        f"{files.files:+.0f}",
        f"likewise; the worst {_short(files.owner)}, {files.files_before:.0f} to {files.files_after:.0f}; may be "
        f"{MAX_FILE_GROWTH:+d}",
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
        f"{verified.exported:,} of {verified.exported:,} exports, {verified.accepted:,} of {verified.accepted:,} "
        "asynchronous exports",
        f"as above; the auditor checked {verified.audited:,} packages, 0 findings",
    )


def _short(owner: str) -> str:
    """Shorten `installhub-GetPackageFunction-1A2B` to GetPackage."""
    return owner.split("-")[1].removesuffix("Function") if "-" in owner else owner


def _mb(growth: Growth) -> str:
    return f"{growth.memory_before / 1e6:.0f} to {growth.memory_after / 1e6:.0f} MB"


def _plot_figures(samples: Samples, until: float, rate: float) -> dict[str, object]:
    """Return the samples of the longest-running process of each function."""
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
