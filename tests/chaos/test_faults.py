"""Faults of AWS in each call of a deployed export: throttling, errors, timeouts, resets and lost responses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from installhub.model.errors import ErrorCode
from tests.chaos.fault_proxy import drop_response, microburst_fault, process_no_key, process_one_key
from tests.chaos.fault_stack import MICROBURST_FAULTS, ROOTS, WARM_CALLS, FaultyStack, behind_fault_proxy
from tests.conftest import Record
from tests.system.client import Api
from tests.system.test_error_responses import assert_problem

FAULTS = {**{kind: microburst_fault(kind) for kind in MICROBURST_FAULTS}, "reply lost": drop_response}
PERMANENT = [(size, kind) for size in ROOTS for kind in FAULTS if kind != "timeout"]
# A permanent timeout takes 15 s per call, so it is tested for some calls only.
TIMED_OUT = ("Query-1", "UpdateItem-1", "PutObject-1", "UpdateItem-2")


@pytest.fixture(scope="module")
def stack(api: Api) -> Iterator[FaultyStack]:
    with behind_fault_proxy(api, seconds=29) as stack:
        for size in ("small", *ROOTS):  # the first export of a process makes different calls
            stack.proxy.arm()
            assert stack.export(f"Warm {size} {len(stack.proxy.calls)}", size).status_code in {200, 409}
        yield stack


@pytest.mark.parametrize("size", ROOTS)
def test_warm_calls_lists_all_calls_of_an_export(stack: FaultyStack, size: str) -> None:
    stack.proxy.arm()
    assert stack.export(f"Calls {size}", size).status_code == 200
    assert sorted(stack.proxy.calls) == sorted(WARM_CALLS[size])


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("size", ROOTS)
def test_a_transient_fault_does_not_fail_the_export(stack: FaultyStack, record: Record, size: str, kind: str) -> None:
    for call in WARM_CALLS[size]:
        name = f"Passing {size} {kind} {call}"
        before = stack.microburst_faults()
        stack.proxy.arm(call, FAULTS[kind], times=1)
        response = stack.export(name, size)
        assert stack.proxy.faults == 1, name
        assert stack.microburst_faults() - before == (kind in MICROBURST_FAULTS), name
        if (kind, call) == ("reply lost", "CompleteMultipartUpload-1") and response.status_code == 503:
            stack.proxy.arm()  # the product does not look up the result of the upload
            response = stack.export(name, size)
        assert response.status_code == 200, (name, response.text)
        assert stack.find(name).json() == response.json(), name
        assert stack.audit().findings == [], name
        stack.remove_package(name)
    record(
        "faults",
        f"transient fault, export {size}: {kind}",
        f"{len(WARM_CALLS[size])} of {len(WARM_CALLS[size])} exports done, 0 findings",
        "deployed stack, each AWS call in turn fails once",
    )


@pytest.mark.parametrize(("size", "kind"), PERMANENT)
def test_a_permanent_fault_is_a_503_and_leaves_nothing(
    stack: FaultyStack, record: Record, size: str, kind: str
) -> None:
    failed = fail_permanently(stack, size, kind, WARM_CALLS[size])
    assert failed >= len(WARM_CALLS[size]) - 1
    record(
        "faults",
        f"persistent fault, export {size}: {kind}",
        f"{failed} of {len(WARM_CALLS[size])} exports returned 503, 0 findings, all succeeded when repeated",
        "deployed stack, each AWS call in turn fails at every try",
    )


def test_a_permanent_timeout_is_a_503_and_leaves_nothing(stack: FaultyStack, record: Record) -> None:
    assert fail_permanently(stack, "small", "timeout", TIMED_OUT) == len(TIMED_OUT)
    record(
        "faults",
        "persistent fault, export small: timeout",
        f"{len(TIMED_OUT)} of {len(TIMED_OUT)} exports returned 503, 0 findings, all succeeded when repeated",
        f"deployed stack, {', '.join(TIMED_OUT)} in turn no response at every try",
    )


def fail_permanently(stack: FaultyStack, size: str, kind: str, calls: tuple[str, ...]) -> int:
    """Inject a permanent fault into each call in turn, then retry without it; return the number of failed exports."""
    failed = 0
    for call in calls:
        name = f"Lasting {size} {kind} {call}"
        stack.proxy.arm(call, FAULTS[kind])
        response = stack.export(name, size)
        assert 2 <= stack.proxy.faults <= 5, name
        # The product looks up the result of a commit whose response was lost, so that export may succeed.
        if kind != "reply lost" or response.status_code != 200:
            failed += 1
            assert_problem(response, ErrorCode.SERVICE_UNAVAILABLE)
            assert 1 <= int(response.headers["Retry-After"]) <= 60
            assert stack.find(name).status_code == 404, name
            assert (stack.objects(name), stack.audit().findings) == ([], []), name
            stack.proxy.arm()
            assert stack.export(name, size).status_code == 200, name
        assert stack.find(name).status_code == 200, name
        assert stack.audit().findings == [], name
        stack.remove_package(name)
    return failed


def test_unprocessed_keys_are_requested_again(stack: FaultyStack, record: Record) -> None:
    stack.proxy.arm("BatchGetItem", process_one_key)
    assert stack.export("One key", "small").status_code == 200
    assert stack.proxy.faults == 3
    stack.proxy.arm("BatchGetItem", process_no_key)
    assert_problem(stack.export("No key", "small"), ErrorCode.SERVICE_UNAVAILABLE)
    batches = stack.proxy.faults
    assert 2 <= batches <= 6
    assert (stack.find("No key").status_code, stack.objects("No key"), stack.audit().findings) == (404, [], [])
    record(
        "faults",
        "batches of one key each; empty batches",
        f"done; 503 after {batches} batches",
        "deployed stack, UnprocessedKeys",
    )
