"""Crashes: the deployed export function is killed with SIGKILL before and after each of its AWS calls."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.chaos.fault_proxy import kill_after, kill_before
from tests.chaos.fault_stack import COLD_CALLS, ROOTS, FaultyStack, behind_fault_proxy
from tests.conftest import Record
from tests.system.client import Api

TIMEOUT_SECONDS = 5  # timeout of the function
LEASE_SECONDS = TIMEOUT_SECONDS + 5 + 2
MOMENTS = {"before": kill_before, "after": kill_after}


@pytest.fixture(scope="module")
def stack(api: Api) -> Iterator[FaultyStack]:
    with behind_fault_proxy(api, seconds=TIMEOUT_SECONDS) as stack:
        yield stack


@pytest.mark.parametrize("swept_first", [False, True], ids=["repeated, then swept", "swept, then repeated"])
@pytest.mark.parametrize("size", ROOTS)
def test_a_killed_export_can_be_repeated_after_its_lease(
    stack: FaultyStack, record: Record, size: str, *, swept_first: bool
) -> None:
    names = {}
    for call in COLD_CALLS[size]:
        for moment, kill in MOMENTS.items():
            name = f"Killed {size} {moment} {call} {swept_first}"
            stack.proxy.arm(call, kill(stack.kill_exporters))
            assert stack.export(name, size).status_code >= 500, name
            assert stack.proxy.faults == 1, name
            names[name] = (moment, call) == ("after", "UpdateItem-2")
            assert stack.find(name).status_code == (200 if names[name] else 404), name
    assert len(names) == 2 * len(COLD_CALLS[size])
    stack.proxy.arm()
    time.sleep(LEASE_SECONDS)
    if swept_first:
        stack.sweep()
        assert [name for name in names if stack.objects(name)] == [name for name in names if names[name]]
        assert stack.audit().findings == []
    for name, committed in names.items():
        assert stack.export(name, size).status_code == (409 if committed else 200), name
    stack.sweep()
    assert stack.audit().findings == []
    for name in names:
        assert stack.find(name).status_code == 200, name
        assert len(stack.objects(name)) == 1, name
        stack.remove_package(name)
    record(
        "crash-points",
        f"export {size}, {'swept, then repeated' if swept_first else 'repeated, then swept'}",
        f"{len(names)} kills: 1 committed, {len(names) - 1} exported again; 0 findings",
        "deployed stack, SIGKILL before and after each AWS call, real lease",
    )
