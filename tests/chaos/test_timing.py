"""Whether response times distinguish another tenant's package from an unknown one, on a deployed stack."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

import pytest

from tests.conftest import Record
from tests.ranks import p_value
from tests.system.client import OTHER_TENANT, Api, export_body
from tests.system.test_error_responses import UNKNOWN_PACKAGE

ROUNDS = 600
LEVEL = 0.001
FOREIGN = "another's"
SHARES = [0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2]

Series = dict[str, list[float]]


def measure(requests: dict[str, Callable[[], int]], expected: dict[str, int], rounds: int) -> Series:
    """Return response times in seconds; requests are interleaved in random order, so that drift affects all equally."""
    order = list(requests)
    series: Series = {name: [] for name in requests}
    for number in range(rounds + 10):
        random.shuffle(order)
        for name in order:
            started = time.perf_counter()
            status = requests[name]()
            if number >= 10:  # the first requests start processes
                series[name].append(time.perf_counter() - started)
            assert status == expected[name], name
    return series


def smallest_detectable_delay(series: list[float]) -> float:
    """Return the smallest delay in seconds that the test detects if it is added to half of a series."""
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
    other_token, owner_token = api.token(OTHER_TENANT), api.token("tenant-7f3a9b12")
    suffix = "/download" if route == "download" else ""

    def request(package_id: str, token: str) -> Callable[[], int]:
        return lambda: api.call("GET", f"/{package_id}{suffix}", token=token).status_code

    requests = {
        FOREIGN: request(package, other_token),
        "none": request(UNKNOWN_PACKAGE, other_token),
        "own": request(package, owner_token),
    }
    statuses = {FOREIGN: 404, "none": 404, "own": 200}

    series = measure(requests, statuses, ROUNDS)
    p = p_value(series[FOREIGN], series["none"])
    if p < LEVEL:  # repeat once: at this level, one run in a thousand fails by chance
        series = measure(requests, statuses, ROUNDS)
        p = p_value(series[FOREIGN], series["none"])

    milliseconds = {name: statistics.median(values) * 1000 for name, values in series.items()}
    assert p >= LEVEL, milliseconds
    assert p_value(series["own"], series["none"]) < LEVEL, "control: the test detects a difference"
    detectable = smallest_detectable_delay(series["none"])
    assert detectable <= SHARES[-1] * statistics.median(series["none"])
    record(
        "isolation",
        f"Timing: another tenant's package and an unknown id, {route}",
        f"medians {milliseconds[FOREIGN]:.1f} and {milliseconds['none']:.1f} ms, p = {p:.2f}",
        f"Mann-Whitney, {ROUNDS} requests each, interleaved; fails below p = {LEVEL}. "
        f"It detects an own package ({milliseconds['own']:.1f} ms), and a delay of {detectable * 1000:.2f} ms "
        "added to half of the requests",
    )
