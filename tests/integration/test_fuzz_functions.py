"""The functions handle arbitrary JSON, bytes and events; no input causes a 5xx response."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import Record
from tests.integration.support.api import CALLER, EXPORT_BODY, Api
from tests.integration.support.async_stack import MAX_ATTEMPTS, AsyncStack, export_requested
from tests.integration.support.functions import sample_event
from tests.integration.support.world import World
from tests.strategies import ids, json_values, printable_texts

LEASE = 900
EXAMPLES = 200
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

anything = json_values | st.text() | st.integers(-(10**400), 10**400)
fields = st.sampled_from([*EXPORT_BODY, "requestId", "unknown", "\ud800", "~/"])
changed_bodies = st.dictionaries(fields, anything | ids | st.lists(ids, max_size=5), max_size=4).map(
    lambda changes: {**EXPORT_BODY, **changes}
)
# Python's JSON may contain NaN, lone surrogates and numbers of any length, which other parsers reject.
documents = (changed_bodies | anything).map(lambda value: json.dumps(value).encode())
contents = documents | st.binary(max_size=200) | st.integers(1, 3_000).map(lambda depth: b"[" * depth)
headers = st.fixed_dictionaries(
    {},
    optional={
        name: st.text(st.characters(codec="utf-8"), max_size=50) | ids
        for name in ("X-Tenant-Id", "Prefer", "Idempotency-Key", "If-None-Match", "Accept-Encoding", "Content-Encoding")
    },
)


@pytest.mark.parametrize("function", ["export", "preview"])
def test_any_body_gets_a_response_in_the_apis_shapes(function: str, api: Api, record: Record) -> None:
    statuses: Counter[int] = Counter()

    @fuzzed
    @given(contents, headers)
    def send_request(content: bytes, request_headers: dict[str, str]) -> None:
        response = getattr(api, function)(content, headers=request_headers)
        statuses[response.status] += 1
        assert response.status < 500, response.body
        if response.status >= 400:
            assert response.problem().errors

    send_request()

    assert statuses.total() >= EXAMPLES
    assert statuses[400] > EXAMPLES // 4
    record(
        "fuzz",
        f"Arbitrary bodies and headers to {function}, in process",
        f"{statuses.total()} requests, no 5xx",
        "hypothesis, derandomised; JSON of any shape, sound bodies changed, bytes, nesting",
    )


@pytest.mark.parametrize("function", ["get_package", "download", "get_graph", "get_sbom", "get_attestation"])
def test_any_package_id_and_headers_get_a_response(function: str, api: Api) -> None:
    package_id = api.export().package().package_id
    statuses: Counter[int] = Counter()

    @fuzzed
    @given(st.text() | ids | st.just(package_id), headers)
    def request_package(requested_id: str, request_headers: dict[str, str]) -> None:
        response = getattr(api, function)(requested_id, headers=request_headers)
        statuses[response.status] += 1
        assert response.status in (200, 304, 403, 404), response.body

    request_package()

    assert statuses.total() >= EXAMPLES
    assert {200, 403, 404} <= set(statuses)


def test_any_packages_to_compare_and_headers_get_a_response(api: Api) -> None:
    package_id = api.export().package().package_id
    statuses: Counter[int] = Counter()
    package_ids = st.text() | ids | st.just(package_id)
    queries = st.fixed_dictionaries({"from_": package_ids}, optional={"format": st.just("markdown") | st.text()})

    @fuzzed
    @given(package_ids, queries, headers)
    def compare(requested_id: str, query: dict[str, str], request_headers: dict[str, str]) -> None:
        response = api.get_diff(requested_id, CALLER, request_headers, **query)
        statuses[response.status] += 1
        assert response.status in (200, 304, 400, 403, 404), response.body

    compare()

    assert statuses.total() >= EXAMPLES
    assert {200, 400, 403, 404} <= set(statuses)


def events(detail: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    """Messages of EventBridge and S3 with arbitrary parts."""
    part = anything | ids
    return st.fixed_dictionaries(
        {"id": part, "source": part | st.just("aws.s3"), "detail-type": part | st.just("ExportRequested")},
        optional={"detail": detail},
    ).map(json.dumps)


notifications = st.fixed_dictionaries(
    {"bucket": anything | st.fixed_dictionaries({"name": st.just("inbox") | anything})},
    optional={"object": anything | st.fixed_dictionaries({"key": anything | ids, "etag": anything})},
)
accepted_exports = st.fixed_dictionaries(
    {
        "requestId": anything | ids,
        "requestedBy": anything | ids,
        "request": changed_bodies | anything,
        "packageId": anything | ids,
        "acceptance": anything
        | st.fixed_dictionaries(
            dict.fromkeys(("tenant", "name", "version", "requested_by", "requested_at", "until"), anything | ids)
        ),
    }
)
messages = (
    anything.map(json.dumps)
    | printable_texts
    | changed_bodies.map(export_requested)
    | events(changed_bodies | anything)
    | notifications.map(lambda detail: json.dumps({"source": "aws.s3", "detail": detail}))
    | (accepted_exports | anything).map(lambda fields: json.dumps({"acceptedExport": fields}))
)


@pytest.mark.usefixtures("no_waiting")
def test_any_message_in_the_queue_comes_to_an_end(sample_world: World, record: Record) -> None:
    """A message that raised in its last attempt would be delivered again or dead-lettered without a reason."""
    async_stack = AsyncStack(sample_world)
    inbox = json.dumps(async_stack.inbox.bucket)
    results: Counter[str] = Counter()

    @fuzzed
    @given(messages)
    def deliver(text: str) -> None:
        delivered = async_stack.receive(text.replace('"inbox"', inbox), attempt=MAX_ATTEMPTS)
        before = len(async_stack.stored_failures())
        exported = async_stack.message_handler.handle(delivered, LEASE)
        failed = len(async_stack.stored_failures()) - before
        results["exported" if exported else "refused" if failed else "dead-lettered"] += 1
        async_stack.sqs.delete_message(QueueUrl=async_stack.queue_url, ReceiptHandle=delivered.receipt_handle)

    deliver()

    assert results.total() >= EXAMPLES
    assert results["dead-lettered"] > 0
    assert results["refused"] > 0
    record(
        "fuzz",
        "Arbitrary messages to the worker, on their last try",
        f"{results.total()} messages: {results['refused']} refused and stored, {results['exported']} exported, "
        f"{results['dead-lettered']} dead-lettered or discarded; none raised",
        "hypothesis, derandomised; events, notifications, accepted requests and invalid data",
    )


def test_any_direct_invocation_ends_in_a_result_or_a_named_error(api: Api) -> None:
    outcomes: Counter[str] = Counter()

    @fuzzed
    @given(st.dictionaries(fields, anything, max_size=6) | changed_bodies)
    def invoke(payload: dict[str, Any]) -> None:
        try:
            api.functions.invoke("export_worker", payload)
        except Exception as error:  # noqa: BLE001  # its class is created dynamically
            raised, reported = type(error).__name__, json.loads(str(error))["errorCode"]
        else:
            raised = reported = "result"
        outcomes[raised] += 1
        assert reported == raised

    invoke()

    assert outcomes.total() >= EXAMPLES
    assert "InternalError" not in outcomes
    assert outcomes["InvalidRequest"] > EXAMPLES // 4


def test_any_authorization_header_is_denied_and_crashes_nothing(api: Api) -> None:
    part = st.text(max_size=30) | st.from_regex(r"[A-Za-z0-9_-]{0,30}", fullmatch=True)
    count = 0

    @fuzzed
    @given(
        st.text(max_size=100)
        | st.builds("Bearer {}".format, part)
        | st.builds("Bearer {}.{}.{}".format, part, part, part)
    )
    def authorize(authorization: str) -> None:
        nonlocal count
        event = sample_event("authorizer")
        event["headers"] = {"Authorization": authorization}
        policy = api.functions.invoke("authorizer", event)["policyDocument"]
        assert {statement["Effect"] for statement in policy["Statement"]} == {"Deny"}
        count += 1

    authorize()

    assert count >= EXAMPLES
