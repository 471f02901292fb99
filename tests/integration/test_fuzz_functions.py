"""Whatever JSON, bytes or events arrive, the functions answer; none answers with a 5xx that is the input's fault."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import Record
from tests.integration.support.api import EXPORT_BODY, Api
from tests.integration.support.background import body, requested
from tests.integration.support.functions import sample_event
from tests.strategies import ids, json_values

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
# Python writes NaN, lone surrogates and numbers of any length, which are no JSON everybody reads: so much the better.
documents = (changed_bodies | anything).map(lambda value: json.dumps(value).encode())
contents = documents | st.binary(max_size=200) | st.integers(1, 3_000).map(lambda depth: b"[" * depth)
headers = st.fixed_dictionaries(
    {},
    optional={
        name: st.text(st.characters(exclude_categories=("Cs",)), max_size=50) | ids
        for name in ("X-Tenant-Id", "Prefer", "Idempotency-Key", "If-None-Match", "Accept-Encoding", "Content-Encoding")
    },
)


@pytest.mark.parametrize("function", ["export", "preview"])
def test_any_body_is_answered_in_the_api_s_shapes(function: str, api: Api, record: Record) -> None:
    seen: Counter[int] = Counter()

    @fuzzed
    @given(contents, headers)
    def sending(content: bytes, sent: dict[str, str]) -> None:
        answer = getattr(api, function)(content, headers=sent)
        seen[answer.status] += 1
        assert answer.status < 500, answer.body
        if answer.status >= 400:
            assert answer.problem().errors

    sending()

    assert seen.total() >= EXAMPLES
    assert seen[400] > EXAMPLES // 4
    record(
        "fuzz",
        f"Arbitrary bodies and headers to {function}, in process",
        f"{seen.total()} requests, no 5xx",
        "hypothesis, derandomised; JSON of any shape, sound bodies changed, bytes, nesting",
    )


@pytest.mark.parametrize("function", ["get_package", "download"])
def test_any_package_id_and_headers_are_answered(function: str, api: Api) -> None:
    package_id = api.export().package().package_id
    seen: Counter[int] = Counter()

    @fuzzed
    @given(st.text() | ids | st.just(package_id), headers)
    def asking(wanted: str, sent: dict[str, str]) -> None:
        answer = getattr(api, function)(wanted, headers=sent)
        seen[answer.status] += 1
        assert answer.status in (200, 304, 403, 404), answer.body

    asking()

    assert seen.total() >= EXAMPLES
    assert {200, 403, 404} <= set(seen)


messages = (
    anything.map(json.dumps)
    | st.text(max_size=100)
    | changed_bodies.map(requested)
    | st.dictionaries(st.sampled_from(["tenantId", "artifactIds", "version"]), anything, max_size=3).map(
        lambda changes: requested({**body(), **changes})
    )
    | st.builds(lambda detail: json.dumps({"source": "aws.s3", "detail": detail}), anything)
    | st.builds(lambda fields: json.dumps({"acceptedExport": fields}), anything)
    | st.builds(
        lambda acceptance: json.dumps(
            {
                "acceptedExport": {
                    "requestId": "http:1",
                    "requestedBy": "x",
                    "request": body(),
                    "packageId": "pkg-x",
                    "acceptance": acceptance,
                }
            }
        ),
        anything,
    )
)


def test_any_message_in_the_queue_is_done_buried_or_tried_again(api: Api, record: Record) -> None:
    """A worker that raised would have the whole batch delivered again, the good messages with the bad."""
    handled = 0

    @fuzzed
    @given(st.lists(messages, min_size=1, max_size=3))
    def delivering(bodies: list[str]) -> None:
        nonlocal handled
        event = sample_event("export_worker")
        template = event["Records"][0]
        event["Records"] = [{**template, "messageId": f"m{place}", "body": text} for place, text in enumerate(bodies)]
        failed = api.functions.invoke("export_worker", event)["batchItemFailures"]
        assert {item["itemIdentifier"] for item in failed} <= {f"m{place}" for place in range(len(bodies))}
        handled += len(bodies)

    delivering()

    assert handled >= EXAMPLES
    record(
        "fuzz",
        "Arbitrary messages to the worker",
        f"{handled} messages, none stops its batch",
        "hypothesis, derandomised; events, notices, accepted requests and nonsense",
    )


@pytest.mark.usefixtures("api")
def test_any_direct_invocation_ends_in_a_result_or_a_named_error(api: Api) -> None:
    seen: Counter[str] = Counter()

    @fuzzed
    @given(st.dictionaries(fields, anything, max_size=6) | changed_bodies)
    def invoking(payload: dict[str, Any]) -> None:
        try:
            api.functions.invoke("export_worker", payload)
        except Exception as error:  # noqa: BLE001  # its class is made when it is raised
            problem = json.loads(str(error))
            assert problem["errorCode"] == type(error).__name__
            seen[problem["errorCode"]] += 1
        else:
            seen["result"] += 1

    invoking()

    assert seen.total() >= EXAMPLES
    assert "InternalError" not in seen
    assert seen["InvalidRequest"] > EXAMPLES // 4


def test_any_authorization_header_is_denied_and_crashes_nothing(api: Api) -> None:
    part = st.text(max_size=30) | st.from_regex(r"[A-Za-z0-9_-]{0,30}", fullmatch=True)
    seen = 0

    @fuzzed
    @given(
        st.text(max_size=100)
        | st.builds("Bearer {}".format, part)
        | st.builds("Bearer {}.{}.{}".format, part, part, part)
    )
    def asking(authorization: str) -> None:
        nonlocal seen
        event = sample_event("authorizer")
        event["headers"] = {"Authorization": authorization}
        policy = api.functions.invoke("authorizer", event)["policyDocument"]
        assert {statement["Effect"] for statement in policy["Statement"]} == {"Deny"}
        seen += 1

    asking()

    assert seen >= EXAMPLES
