"""JSON responses, all within the size limit of Lambda."""

from __future__ import annotations

import base64
import json
import string
from random import Random

import pytest

from installhub.contract.request_documents import MAX_DOCUMENT_BYTES
from installhub.contract.request_models import PreviewRequest
from installhub.http.package_responses import export_response
from installhub.http.request import Request
from installhub.http.request_body import read_request
from installhub.http.response import Response
from installhub.http.responses import MAX_RESPONSE_BYTES, json_response
from installhub.model.errors import ErrorCode, InstallHubError, Problem
from tests.builders import TENANT, record
from tests.unit.http.serving import (
    LAMBDA_RESPONSE_BYTES,
    content_of,
    error_response,
    headers_of,
    payload_size,
    problem_of,
    respond,
)


def test_a_small_response_is_plain_json() -> None:
    body = {"name": "Größe 漢 😀", "none": None}

    response = respond(lambda request: json_response(request, body))

    headers = headers_of(response)
    assert (response["statusCode"], response["isBase64Encoded"]) == (200, False)
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/json", "no-store")
    assert "Content-Encoding" not in headers
    assert json.loads(response["body"]) == body


def test_a_response_too_large_for_lambda_is_compressed_and_equal() -> None:
    body = {"artifacts": [{"id": f"größe-{number}" * 100} for number in range(6_000)]}

    response = respond(lambda request: json_response(request, body))

    headers = headers_of(response)
    assert response["isBase64Encoded"]
    assert (headers["Content-Encoding"], headers["Content-Type"]) == ("gzip", "application/json")
    assert headers["Vary"] == "Accept-Encoding"
    assert json.loads(content_of(response)) == body
    assert payload_size(response) < LAMBDA_RESPONSE_BYTES


def test_an_error_too_large_for_lambda_is_compressed_and_still_an_error() -> None:
    problems = [
        Problem(ErrorCode.ARTIFACT_NOT_FOUND, f"Artifact {number} does not exist." * 40, artifact_id=f"{number}")
        for number in range(6_000)
    ]

    response = error_response(InstallHubError(problems))

    headers = headers_of(response)
    assert (response["statusCode"], headers["Content-Encoding"]) == (400, "gzip")
    assert headers["Content-Type"] == "application/problem+json"
    assert len(problem_of(response)["errors"]) == 6_000
    assert payload_size(response) < LAMBDA_RESPONSE_BYTES


@pytest.mark.parametrize("artifact_id", ["proc-1001", "\\", "é"])
def test_the_largest_uncompressed_body_fits_a_lambda_response(artifact_id: str) -> None:
    each = len(json.dumps(artifact_id, ensure_ascii=False).encode()) + 1
    ids = [artifact_id] * ((MAX_RESPONSE_BYTES - 100) // each)

    response = respond(lambda request: json_response(request, {"installOrder": ids}))

    assert json.loads(content_of(response)) == {"installOrder": ids}
    assert payload_size(response) <= LAMBDA_RESPONSE_BYTES, "quotes are escaped again within the response"


def test_a_refusal_of_a_long_unknown_field_fits_a_lambda_response() -> None:
    incompressible = "".join(Random(1).choices(string.ascii_letters, k=MAX_DOCUMENT_BYTES - 100))  # noqa: S311
    body = json.dumps({"tenantId": TENANT, "artifactIds": ["a"], incompressible: 1})

    def preview(request: Request) -> Response:
        read_request(PreviewRequest, request)
        raise AssertionError

    response = respond(preview, body=body)

    (listed,) = problem_of(response)["errors"]
    assert listed["errorCode"] == "InvalidRequest"
    assert listed["pointer"].startswith(f"/{incompressible[:50]}")
    assert len(listed["pointer"]) < 1_000, "a long name is truncated"
    assert payload_size(response) <= LAMBDA_RESPONSE_BYTES


SMALL_RESPONSE_BYTES = 1024 * 1024
# Incompressible texts, together larger than a small response.
RANDOM = Random(1)  # noqa: S311  # not security-relevant
NOISE = [base64.b64encode(RANDOM.randbytes(190)).decode() for _ in range(5_000)]


@pytest.fixture
def small_responses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lower limit, so that tests of too large responses are fast."""
    monkeypatch.setattr("installhub.http.responses.MAX_RESPONSE_BYTES", SMALL_RESPONSE_BYTES - 64 * 1024)


@pytest.mark.usefixtures("small_responses")
def test_a_response_that_does_not_fit_even_compressed_is_refused() -> None:
    response = respond(lambda request: json_response(request, {"installOrder": NOISE}))

    assert (response["statusCode"], problem_of(response)["errorCode"]) == (400, "PackageTooLarge")


@pytest.mark.usefixtures("small_responses")
def test_a_package_whose_manifest_does_not_fit_is_shown_without_its_lists() -> None:
    manifest = {"name": "Suite", "artifacts": [{"id": noise} for noise in NOISE], "installOrder": NOISE}

    response = respond(lambda request: export_response(request, record(), manifest))

    body = json.loads(content_of(response))
    assert response["statusCode"] == 200
    assert (body["checksum"], body["manifest"]) == (
        record().checksum,
        {"name": "Suite", "artifacts": [], "installOrder": []},
    )


@pytest.mark.usefixtures("small_responses")
def test_more_problems_than_fit_a_response_are_reported_in_part() -> None:
    problems = [Problem(ErrorCode.ARTIFACT_NOT_FOUND, "Not found.", artifact_id=noise) for noise in NOISE]

    response = error_response(InstallHubError(problems))

    assert response["statusCode"] == 400
    assert len(problem_of(response)["errors"]) == 1_000
    assert payload_size(response) <= SMALL_RESPONSE_BYTES


@pytest.mark.usefixtures("small_responses")
def test_a_single_problem_larger_than_a_response_is_still_reported() -> None:
    response = error_response(InstallHubError([Problem(ErrorCode.CIRCULAR_DEPENDENCY, "Cycle.", cycle=tuple(NOISE))]))

    assert (response["statusCode"], problem_of(response)["errorCode"]) == (400, "CircularDependency")
    assert payload_size(response) <= SMALL_RESPONSE_BYTES
