"""Each AWS call of a deployed export goes wrong in turn: throttled, failing, silent, cut off, or its answer lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from installhub.model.errors import ErrorCode
from tests.chaos.faults_gate import injected, no_key_at_all, one_key_at_a_time, reply_lost
from tests.chaos.faults_stack import INJECTED, ROOTS, WARM_CALLS, FaultyStack, faulty
from tests.conftest import Record
from tests.system.client import Api
from tests.system.test_refusals import problem

FAULTS = {**{kind: injected(kind) for kind in INJECTED}, "reply lost": reply_lost}
LASTING = [
    (size, kind) for size in ROOTS for kind in FAULTS if kind != "timeout"
]  # a silence that lasts takes 15 s a call, so only some are tried; one that passes is tried at each
SILENT = ("Query-1", "UpdateItem-1", "PutObject-1", "UpdateItem-2")


@pytest.fixture(scope="module")
def stack(api: Api) -> Iterator[FaultyStack]:
    with faulty(api, seconds=29) as made:
        for size in ("small", *ROOTS):  # the first export of a process makes other calls
            made.gate.arm()
            assert made.export(f"Warm {size} {len(made.gate.calls)}", size).status_code in {200, 409}
        yield made


@pytest.mark.parametrize("size", ROOTS)
def test_the_calls_of_an_export_are_those_tested_here(stack: FaultyStack, size: str) -> None:
    stack.gate.arm()
    assert stack.export(f"Calls {size}", size).status_code == 200
    assert sorted(stack.gate.calls) == sorted(WARM_CALLS[size])


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("size", ROOTS)
def test_a_transient_fault_is_not_noticed(stack: FaultyStack, record: Record, size: str, kind: str) -> None:
    for call in WARM_CALLS[size]:
        name = f"Passing {size} {kind} {call}"
        before = stack.injected()
        stack.gate.arm(call, FAULTS[kind], times=1)
        answer = stack.export(name, size)
        assert stack.gate.faults == 1, name
        assert stack.injected() - before == (kind in INJECTED), name
        if (kind, call) == ("reply lost", "CompleteMultipartUpload-1") and answer.status_code == 503:
            stack.gate.arm()  # what became of the upload is not found out
            answer = stack.export(name, size)
        assert answer.status_code == 200, (name, answer.text)
        assert stack.find(name).json() == answer.json(), name
        assert stack.audit().findings == [], name
        stack.remove_package(name)
    record(
        "faults",
        f"transient fault, export {size}: {kind}",
        f"{len(WARM_CALLS[size])} of {len(WARM_CALLS[size])} exports done, 0 findings",
        "deployed stack, each AWS call in turn fails once",
    )


@pytest.mark.parametrize(("size", "kind"), LASTING)
def test_a_permanent_fault_is_a_503_and_leaves_nothing(
    stack: FaultyStack, record: Record, size: str, kind: str
) -> None:
    refused = refuse_at(stack, size, kind, WARM_CALLS[size])
    assert refused >= len(WARM_CALLS[size]) - 1
    record(
        "faults",
        f"persistent fault, export {size}: {kind}",
        f"{refused} of {len(WARM_CALLS[size])} exports returned 503, 0 findings, all succeeded when repeated",
        "deployed stack, each AWS call in turn fails at every try",
    )


def test_a_permanent_timeout_is_a_503_and_leaves_nothing(stack: FaultyStack, record: Record) -> None:
    assert refuse_at(stack, "small", "timeout", SILENT) == len(SILENT)
    record(
        "faults",
        "persistent fault, export small: timeout",
        f"{len(SILENT)} of {len(SILENT)} exports returned 503, 0 findings, all succeeded when repeated",
        f"deployed stack, {', '.join(SILENT)} in turn no response at every try",
    )


def refuse_at(stack: FaultyStack, size: str, kind: str, calls: tuple[str, ...]) -> int:
    """Let each call fail for good, and then not; how many exports were refused."""
    refused = 0
    for call in calls:
        name = f"Lasting {size} {kind} {call}"
        stack.gate.arm(call, FAULTS[kind])
        answer = stack.export(name, size)
        assert 2 <= stack.gate.faults <= 5, name
        if kind != "reply lost" or answer.status_code != 200:  # a lost answer to the commit is looked up
            refused += 1
            problem(answer, ErrorCode.SERVICE_UNAVAILABLE)
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
            assert stack.find(name).status_code == 404, name
            assert (stack.objects(name), stack.audit().findings) == ([], []), name
            stack.gate.arm()
            assert stack.export(name, size).status_code == 200, name
        assert stack.find(name).status_code == 200, name
        assert stack.audit().findings == [], name
        stack.remove_package(name)
    return refused


def test_unprocessed_keys_are_requested_again(stack: FaultyStack, record: Record) -> None:
    stack.gate.arm("BatchGetItem", one_key_at_a_time)
    assert stack.export("One key", "small").status_code == 200
    assert stack.gate.faults == 3
    stack.gate.arm("BatchGetItem", no_key_at_all)
    problem(stack.export("No key", "small"), ErrorCode.SERVICE_UNAVAILABLE)
    asked = stack.gate.faults
    assert 2 <= asked <= 6
    assert (stack.find("No key").status_code, stack.objects("No key"), stack.audit().findings) == (404, [], [])
    record(
        "faults",
        "batches of one key each; empty batches",
        f"done; 503 after {asked} batches",
        "deployed stack, UnprocessedKeys",
    )
