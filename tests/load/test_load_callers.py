"""Load from 1 to 64 callers: throughput, latency and knee of the curve; no request fails, and no export is lost."""

from __future__ import annotations

import itertools
from collections import Counter

from bench.over_http import bare_function
from tests.conftest import Record
from tests.load.generator import KINDS, Performance, failures, measure_performance, run, throttled
from tests.load.plotting import draw
from tests.load.verification import check_exports
from tests.system.client import Api

CALLERS, FEW_CALLERS = (1, 4, 16, 64), (1, 4, 16)
FIRST_RUN, SHORT_RUN, LONG_RUN = 20, 12, 25
"""Duration in seconds of the first run, and of each measurement in short and full runs."""
FULL_RUN = 60
"""Soak duration in seconds from which the test is run in full rather than as a quick check."""
GAIN = 1.1
"""Minimum factor of throughput with four times as many callers; less means that the knee has been reached."""
START_INTERVAL = 1.2
"""Seconds between the starts of two callers, because the emulator starts functions one after another."""
SETTLING_SECONDS = 2
"""Seconds per caller until nearly all required processes are running; the emulator keeps all of them."""
CONSTANT_HANDLER = 'def handler(event, context):\n    return {"statusCode": 200, "headers": {}, "body": "{}"}\n'


def knee(throughput: dict[int, float]) -> int:
    """Return the number of callers beyond which throughput hardly grows."""
    for fewer, more in itertools.pairwise(sorted(throughput)):
        if throughput[more] < GAIN * throughput[fewer]:
            return fewer
    return max(throughput)


def test_the_knee_is_where_throughput_stops_growing() -> None:
    assert knee({1: 10, 4: 30, 16: 32, 64: 40}) == 4
    assert knee({1: 10, 4: 10.9, 16: 50}) == 1
    assert knee({1: 10, 4: 12, 16: 14}) == 16


def test_overload_increases_latency_without_errors(api: Api, soak_seconds: int, record: Record) -> None:
    levels = CALLERS if soak_seconds >= FULL_RUN else FEW_CALLERS
    seconds = LONG_RUN if soak_seconds >= FULL_RUN else SHORT_RUN
    baseline = bare_function(api.stack, "baseline", "PreviewFunction", CONSTANT_HANDLER, {})
    all_results = run(api, "first", 1, FIRST_RUN)  # starts every function
    run(api, "baseline-first", 1, FIRST_RUN / 4, baseline=baseline)
    performances: dict[int, Performance] = {}
    baselines: dict[int, Performance] = {}
    for callers in levels:
        ramp, end = START_INTERVAL * callers, START_INTERVAL * callers + seconds / 2
        baseline_results = run(api, f"baseline-{callers}", callers, end, ramp=ramp, baseline=baseline)
        baselines[callers] = measure_performance(baseline_results, ramp + 1, end)
        begin = (START_INTERVAL + SETTLING_SECONDS) * callers
        end = begin + seconds
        results = run(api, f"callers-{callers}", callers, end, ramp=START_INTERVAL * callers)
        assert failures(results) == Counter(), callers
        assert len(results) >= 20 + callers
        assert throttled(results) <= len(results) / 2, "most requests succeed"
        performances[callers] = measure_performance(results, begin, end)
        all_results += results

    assert {result.kind for result in all_results if result.outcome == "expected"} == KINDS
    throughput = {callers: performance.per_second for callers, performance in performances.items()}
    assert throughput[max(levels)] >= max(throughput.values()) / 2, "throughput does not collapse under overload"
    verified = check_exports(api, all_results)
    assert min(verified.exported, verified.accepted) >= len(levels)

    draw("callers", {str(callers): _plot_figures(performances[callers], baselines[callers]) for callers in levels})
    for callers in levels:
        load, base = performances[callers], baselines[callers]
        record(
            "load",
            f"{callers:>2} callers",
            f"{load.per_second / throughput[1]:.2f} times the throughput of 1; p50 {load.p50 / base.p50:.1f}, "
            f"p95 {load.p95 / base.p95:.1f}, p99 {load.p99 / base.p99:.1f} times the floor's",
            f"{_summary(load)}; floor {_summary(base)}; measured for {seconds} s after all callers started",
        )
    record(
        "load",
        "errors",
        f"0 of {len(all_results):,}",
        f"5xx, lost connections, unexpected statuses and contents; besides, {throttled(all_results)} got 429 "
        "or 503 with Retry-After",
    )
    record(
        "load",
        "knee",
        f"{knee(throughput)} callers",
        f"with four times as many, throughput grows by less than {GAIN - 1:.0%}; of the floor: {knee_of(baselines)}",
    )
    record(
        "load",
        "accepted and present afterwards",
        f"{verified.exported:,} of {verified.exported:,} exports, {verified.accepted:,} of {verified.accepted:,} "
        "asynchronous exports",
        f"each downloaded, its SHA-256 compared with the answer's; the auditor checked {verified.audited:,} packages "
        "and found nothing",
    )


def knee_of(performances: dict[int, Performance]) -> int:
    return knee({callers: performance.per_second for callers, performance in performances.items()})


def _summary(performance: Performance) -> str:
    latencies = " / ".join(f"{seconds * 1000:.0f}" for seconds in (performance.p50, performance.p95, performance.p99))
    return f"{performance.per_second:.0f} responses/s, {latencies} ms"


def _plot_figures(measured: Performance, baseline: Performance) -> dict[str, float]:
    figures = {"per second": measured.per_second, "p50": measured.p50, "p95": measured.p95, "p99": measured.p99}
    return {
        **figures,
        "baseline per second": baseline.per_second,
        "baseline p50": baseline.p50,
        "baseline p99": baseline.p99,
    }
