"""From one caller to sixty-four: how fast it is, where it stops getting faster, and that nothing breaks or is lost."""

from __future__ import annotations

import itertools
from collections import Counter

from bench.over_http import bare_function
from tests.conftest import Record
from tests.load.drawing import draw
from tests.load.generator import KINDS, Pace, failures, pace, pushed_back, run
from tests.load.verification import check_exports
from tests.system.client import Api

CALLERS, FEW = (1, 4, 16, 64), (1, 4, 16)
STARTING, SHORTEST, LONGEST = 20, 12, 25
"""Seconds until every function has run, and with one number of callers from when all of them call."""
WHOLE = 60
"""From which length of the soak on the whole of this is done, and not a short look at whether it works."""
GAIN = 1.1
"""By how much four times as many callers must get more done for the knee not to be passed."""
START = 1.2
"""Seconds between one caller's beginning and the next one's: the emulator starts functions one after another."""
SETTLING = 2
"""Seconds for each caller until nearly no function has to be started any more: the emulator keeps all processes."""
CONSTANT = 'def handler(event, context):\n    return {"statusCode": 200, "headers": {}, "body": "{}"}\n'


def knee(throughput: dict[int, float]) -> int:
    """The number of callers after which more of them get (nearly) no more done."""
    for fewer, more in itertools.pairwise(sorted(throughput)):
        if throughput[more] < GAIN * throughput[fewer]:
            return fewer
    return max(throughput)


def test_the_knee_is_where_throughput_stops_growing() -> None:
    assert knee({1: 10, 4: 30, 16: 32, 64: 40}) == 4
    assert knee({1: 10, 4: 10.9, 16: 50}) == 1
    assert knee({1: 10, 4: 12, 16: 14}) == 16


def test_more_callers_than_it_can_serve_wait_and_nothing_breaks(api: Api, soak_seconds: int, record: Record) -> None:
    levels = CALLERS if soak_seconds >= WHOLE else FEW
    seconds = LONGEST if soak_seconds >= WHOLE else SHORTEST
    floor = bare_function(api.stack, "floor", "PreviewFunction", CONSTANT, {})
    everything = run(api, "first", 1, STARTING)  # starts every function once
    run(api, "floor-first", 1, STARTING / 4, floor=floor)
    paces: dict[int, Pace] = {}
    floors: dict[int, Pace] = {}
    for callers in levels:
        ramp, end = START * callers, START * callers + seconds / 2
        bare = run(api, f"floor-{callers}", callers, end, ramp=ramp, floor=floor)
        floors[callers] = pace(bare, ramp + 1, end)
        begin = (START + SETTLING) * callers
        end = begin + seconds
        answers = run(api, f"callers-{callers}", callers, end, ramp=START * callers)
        assert failures(answers) == Counter(), callers
        assert len(answers) >= 20 + callers
        assert pushed_back(answers) <= len(answers) / 2, "most are served"
        paces[callers] = pace(answers, begin, end)
        everything += answers

    assert {answer.kind for answer in everything if answer.outcome == "expected"} == KINDS
    throughput = {callers: found.per_second for callers, found in paces.items()}
    assert throughput[max(levels)] >= max(throughput.values()) / 2, "overload does not make it collapse"
    kept = check_exports(api, everything)
    assert min(kept.exported, kept.accepted) >= len(levels)

    draw("callers", {str(callers): _plotted(paces[callers], floors[callers]) for callers in levels})
    for callers in levels:
        mine, bare_floor = paces[callers], floors[callers]
        record(
            "load",
            f"{callers:>2} callers",
            f"{mine.per_second / throughput[1]:.2f} times the throughput of 1; p50 {mine.p50 / bare_floor.p50:.1f}, "
            f"p95 {mine.p95 / bare_floor.p95:.1f}, p99 {mine.p99 / bare_floor.p99:.1f} times the floor's",
            f"{_told(mine)}; floor {_told(bare_floor)}; measured for {seconds} s after all callers started",
        )
    record(
        "load",
        "errors",
        f"0 of {len(everything):,}",
        f"5xx, lost connections, unexpected statuses and contents; besides, {pushed_back(everything)} got 429 "
        "or 503 with Retry-After",
    )
    record(
        "load",
        "knee",
        f"{knee(throughput)} callers",
        f"with four times as many, throughput grows by less than {GAIN - 1:.0%}; of the floor: {knee_of(floors)}",
    )
    record(
        "load",
        "accepted and present afterwards",
        f"{kept.exported:,} of {kept.exported:,} exports, {kept.accepted:,} of {kept.accepted:,} asynchronous exports",
        f"each downloaded, its SHA-256 compared with the answer's; the auditor checked {kept.audited:,} packages and "
        "found nothing",
    )


def knee_of(paces: dict[int, Pace]) -> int:
    return knee({callers: found.per_second for callers, found in paces.items()})


def _told(found: Pace) -> str:
    latencies = " / ".join(f"{seconds * 1000:.0f}" for seconds in (found.p50, found.p95, found.p99))
    return f"{found.per_second:.0f} responses/s, {latencies} ms"


def _plotted(mine: Pace, bare: Pace) -> dict[str, float]:
    figures = {"per second": mine.per_second, "p50": mine.p50, "p95": mine.p95, "p99": mine.p99}
    return {**figures, "floor per second": bare.per_second, "floor p50": bare.p50, "floor p99": bare.p99}
