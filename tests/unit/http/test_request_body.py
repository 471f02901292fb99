"""Request bodies: base64, too large, hostile and arbitrary ones."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installhub.contract.request_documents import MAX_DOCUMENT_BYTES
from installhub.contract.request_models import ExportRequest, PreviewRequest
from installhub.http.request_body import read_request
from installhub.model.errors import InstallHubError
from tests.builders import TENANT, make_caller
from tests.builders import request as request_of
from tests.strategies import ids, json_values
from tests.unit.http.reading import EXPORT, PREVIEW, export_body, invalid, problems


def test_an_unauthorized_caller_learns_nothing_about_the_body() -> None:
    assert problems("{", caller=make_caller(TENANT, expires_in=-1)) == [("Unauthorized", None)]
    assert problems("{", caller=make_caller(TENANT, scopes=[])) == [("InsufficientScope", None)]


def test_a_body_in_base64_is_the_same_body() -> None:
    body = export_body(packageName="Größe 漢 😀")

    plain = read_request(ExportRequest, request_of(body))
    encoded = read_request(ExportRequest, request_of(body, in_base64=True))

    assert plain[0] == encoded[0]


@pytest.mark.parametrize("in_base64", [True, False])
def test_a_body_over_the_limit_is_too_large_and_one_at_the_limit_is_not(in_base64: bool) -> None:  # noqa: FBT001
    available = MAX_DOCUMENT_BYTES - len(export_body(description=""))

    fits = problems(export_body(description="x" * available), in_base64=in_base64)
    too_large = problems(export_body(description="x" * (available + 1)), in_base64=in_base64)

    assert fits == invalid("/description")
    assert too_large == [("RequestTooLarge", None)]


def test_the_limit_counts_bytes_and_not_characters() -> None:
    body = '{"description": "' + "漢" * (MAX_DOCUMENT_BYTES // 3) + '"}'

    assert len(body) < MAX_DOCUMENT_BYTES
    assert problems(body) == [("RequestTooLarge", None)]


@pytest.mark.parametrize(
    "errors",
    [
        pytest.param({"artifactIds": [1] * 400_000}, id="wrong ids"),
        pytest.param({str(number): 1 for number in range(20_000)}, id="unknown fields"),
    ],
)
def test_a_body_full_of_errors_is_refused_in_little_memory(errors: dict[str, Any]) -> None:
    event = request_of(json.dumps({**PREVIEW, **errors}))
    tracemalloc.start()
    try:
        with pytest.raises(InstallHubError) as refusal:
            read_request(PreviewRequest, event)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert refusal.value.kind.status == 400
    assert 1 <= len(refusal.value.problems) <= 1_001
    # The largest body has ten times as many fields, and the smallest function that reads bodies has 1 GB of memory.
    assert peak < 32 * 1024 * 1024


@pytest.mark.parametrize("digits", [4_300, 4_301, 100_000])
@pytest.mark.parametrize("name", ["tenantId", "artifactIds", "unknown"])
def test_a_number_of_any_length_is_refused(name: str, digits: int) -> None:
    body = export_body(**{name: 0}).replace(f'"{name}": 0', f'"{name}": {"1" * digits}')

    assert problems(body)[0][0] == "InvalidRequest"


@settings(max_examples=25)
@given(st.dictionaries(st.sampled_from(sorted(EXPORT)), json_values) | json_values)
def test_arbitrary_json_is_read_or_refused(value: Any) -> None:  # noqa: ANN401
    body = {**EXPORT, **value} if isinstance(value, dict) else value
    try:
        read_request(ExportRequest, request_of(json.dumps(body)))
    except InstallHubError as error:
        assert error.kind.status in (400, 403)  # noqa: PT017


@given(st.binary(max_size=200) | st.text().map(lambda text: f'{{"{text}": ["{text}"]}}'.encode()))
def test_arbitrary_bytes_are_refused(body: bytes) -> None:
    assert {code for code, _ in problems(body, in_base64=True)} <= {"InvalidRequest", "TenantMismatch"}


@given(st.lists(ids, min_size=1, max_size=5))
def test_ids_arrive_unchanged(artifact_ids: list[str]) -> None:
    body = json.dumps({**PREVIEW, "artifactIds": artifact_ids}, ensure_ascii=False)

    request, _, _ = read_request(PreviewRequest, request_of(body, in_base64=True))

    assert request.artifact_ids == artifact_ids
