"""Problem documents: their fields and headers, and that they disclose no internals."""

from __future__ import annotations

import json

import pytest

from installhub.contract.problem_bodies import problem_body
from installhub.contract.response_models import ProblemDocument
from installhub.http.parsing import authenticated_caller
from installhub.http.responses import json_response
from installhub.model.errors import REGISTRY, ErrorCode, InstallHubError, Problem, ServiceUnavailableError
from tests.builders import REQUEST_ID, TENANT, make_caller, matches_model
from tests.unit.http.serving import content_of, error_response, headers_of, invoke, problem_of, respond


def test_a_problem_document_has_the_fields_of_rfc_9457_and_the_api_s_own() -> None:
    problems = [
        Problem(ErrorCode.ARTIFACT_NOT_FOUND, "No such artifact.", artifact_id="x", required_by=("a",)),
        Problem(ErrorCode.CIRCULAR_DEPENDENCY, "Cycle.", cycle=("a", "b", "a")),
    ]

    body = problem_body(problems, instance="urn:uuid:1")

    assert body == {
        "type": "urn:installhub:error:ArtifactNotFound",
        "title": "Artifact not found",
        "status": 400,
        "detail": "No such artifact. (2 problems in total, see errors.)",
        "instance": "urn:uuid:1",
        "isSuccess": False,
        "errorCode": "ArtifactNotFound",
        "errors": [
            {
                "errorCode": "ArtifactNotFound",
                "detail": "No such artifact.",
                "artifactId": "x",
                "requiredBy": ["a"],
            },
            {"errorCode": "CircularDependency", "detail": "Cycle.", "cycle": ["a", "b", "a"]},
        ],
    }
    assert matches_model(ProblemDocument, json.dumps(body))


def test_the_detail_of_a_single_problem_is_that_of_the_document() -> None:
    body = problem_body([Problem(ErrorCode.INVALID_VERSION, "Not SemVer.")], instance="urn:uuid:1")

    assert body["detail"] == "Not SemVer."


@pytest.mark.parametrize("code", ErrorCode)
def test_the_response_of_every_code_is_a_problem_document(code: ErrorCode) -> None:
    response = error_response(InstallHubError.of(code))

    headers = headers_of(response)
    assert response["statusCode"] == REGISTRY[code].status
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Cache-Control"] == "no-store"
    assert ("Retry-After" in headers) is (response["statusCode"] in (429, 503))
    assert ("WWW-Authenticate" in headers) is (response["statusCode"] == 401)
    problem = problem_of(response)
    assert matches_model(ProblemDocument, content_of(response))
    assert (problem["errorCode"], problem["status"], problem["isSuccess"]) == (
        code.value,
        response["statusCode"],
        False,
    )
    assert [listed["errorCode"] for listed in problem["errors"]] == [code.value]
    assert problem["instance"] == f"urn:uuid:{REQUEST_ID}"


def test_retry_after_is_a_number_of_seconds() -> None:
    assert int(headers_of(error_response(InstallHubError.of(ErrorCode.RATE_LIMIT_EXCEEDED)))["Retry-After"]) > 0


def test_an_expired_token_gets_the_challenge_of_rfc_6750() -> None:
    response = respond(
        lambda request: json_response(request, {"subject": authenticated_caller(request).subject}),
        caller=make_caller(TENANT, expires_in=-1),
    )

    assert response["statusCode"] == 401
    assert headers_of(response)["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_all_problems_are_listed_most_important_first() -> None:
    codes = [ErrorCode.VERSION_CONFLICT, ErrorCode.TENANT_MISMATCH, ErrorCode.PACKAGE_TOO_LARGE]

    response = error_response(InstallHubError(Problem(code, code.value) for code in codes))

    assert response["statusCode"] == 403
    assert [listed["errorCode"] for listed in problem_of(response)["errors"]] == [
        "TenantMismatch",
        "PackageTooLarge",
        "VersionConflict",
    ]


@pytest.mark.parametrize(
    "error",
    [RuntimeError("secret table name"), KeyError("secret"), ValueError("secret"), RecursionError("secret")],
    ids=lambda error: type(error).__name__,
)
def test_an_unexpected_failure_discloses_nothing(error: Exception) -> None:
    response = error_response(error)

    assert response["statusCode"] == 500
    assert problem_of(response)["errorCode"] == "InternalError"
    assert "secret" not in json.dumps(response)
    assert type(error).__name__ not in json.dumps(response)


def test_the_response_does_not_name_the_service_that_failed() -> None:
    response = error_response(ServiceUnavailableError("dynamodb"))

    assert (response["statusCode"], headers_of(response)["Retry-After"]) == (503, "5")
    assert "dynamodb" not in json.dumps(response)


def test_an_error_without_a_request_context_still_gets_a_response() -> None:
    bare = {"httpMethod": "GET", "path": "/", "headers": None}
    response = invoke(lambda request: json_response(request, {"by": authenticated_caller(request).subject}), bare)

    assert problem_of(response)["errorCode"] == "Unauthorized"
