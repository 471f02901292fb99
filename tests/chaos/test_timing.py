"""Whether the time of an answer tells another tenant's package from none at all, on a deployed stack."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

import pytest

from tests.conftest import Record
from tests.ranks import p_value
from tests.system.client import OTHER_TENANT, Api, export_body
from tests.system.test_refusals import UNKNOWN_PACKAGE

ROUNDS = 600
LEVEL = 0.001
FOREIGN = "another's"
SHARES = [0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2]

Series = dict[str, list[float]]


def timed(asks: dict[str, Callable[[], int]], expected: dict[str, int], rounds: int) -> Series:
    """Seconds of each request, asked in turn and each turn in another order, so that no drift prefers one."""
    order = list(asks)
    series: Series = {name: [] for name in asks}
    for number in range(rounds + 10):
        random.shuffle(order)
        for name in order:
            started = time.perf_counter()
            status = asks[name]()
            if number >= 10:  # the first ones start processes
                series[name].append(time.perf_counter() - started)
            assert status == expected[name], name
    return series


def smallest_seen(series: list[float]) -> float:
    """The smallest delay in seconds that the test detects when half of a series has it."""
    middle = statistics.median(series)
    halves = series[::2], series[1::2]
    delays = [share * middle for share in SHARES]
    return next(
        (delay for delay in delays if p_value(halves[0], [value + delay for value in halves[1]]) < LEVEL),
        delays[-1] * 2,
    )


@pytest.mark.parametrize("route", ["get", "download"])
def test_response_times_do_not_distinguish_anothers_package_from_none(api: Api, route: str, record: Record) -> None:
    package = api.export(export_body(f"Timed {route}")).json()["packageId"]
    stranger, owner = api.token(OTHER_TENANT), api.token("tenant-7f3a9b12")
    suffix = "/download" if route == "download" else ""

    def ask(package_id: str, token: str) -> Callable[[], int]:
        return lambda: api.call("GET", f"/{package_id}{suffix}", token=token).status_code

    asks = {
        FOREIGN: ask(package, stranger),
        "none": ask(UNKNOWN_PACKAGE, stranger),
        "own": ask(package, owner),
    }
    statuses = {FOREIGN: 404, "none": 404, "own": 200}

    series = timed(asks, statuses, ROUNDS)
    p = p_value(series[FOREIGN], series["none"])
    if p < LEVEL:  # one in a thousand is chance; twice running is not
        series = timed(asks, statuses, ROUNDS)
        p = p_value(series[FOREIGN], series["none"])

    milliseconds = {name: statistics.median(values) * 1000 for name, values in series.items()}
    assert p >= LEVEL, milliseconds
    assert p_value(series["own"], series["none"]) < LEVEL, "the test can tell"
    seen = smallest_seen(series["none"])
    assert seen <= SHARES[-1] * statistics.median(series["none"])
    record(
        "isolation",
        f"Timing: another tenant's package and an unknown id, {route}",
        f"medians {milliseconds[FOREIGN]:.1f} and {milliseconds['none']:.1f} ms, p = {p:.2f}",
        f"Mann-Whitney, {ROUNDS} requests each, interleaved; fails below p = {LEVEL}. "
        f"It detects an own package ({milliseconds['own']:.1f} ms), and a delay of {seen * 1000:.2f} ms "
        "added to half of the requests",
    )
