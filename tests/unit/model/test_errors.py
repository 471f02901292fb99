"""The error registry, compared with the contract, and the JSON of problems."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.contract.routes import ROUTES
from installhub.model.errors import (
    REGISTRY,
    ErrorCode,
    InstallHubError,
    Problem,
    ServiceUnavailableError,
    sorted_by_precedence,
)

# Copied from the table and the order in CONTRACT section 2, not from the code.
STATUS_OF = {
    "InvalidRequest": 400,
    "InvalidVersion": 400,
    "ArtifactNotFound": 400,
    "CircularDependency": 400,
    "IncompleteArtifact": 400,
    "PackageTypeMismatch": 400,
    "PackageTooLarge": 400,
    "TenantMismatch": 403,
    "InsufficientScope": 403,
    "PackageNotFound": 404,
    "VersionConflict": 409,
    "RequestTooLarge": 413,
    "RateLimitExceeded": 429,
    "ServiceUnavailable": 503,
    "InternalError": 500,
}
PRECEDENCE = [
    "InvalidRequest",
    "InvalidVersion",
    "TenantMismatch",
    "ArtifactNotFound",
    "CircularDependency",
    "IncompleteArtifact",
    "PackageTypeMismatch",
    "PackageTooLarge",
    "VersionConflict",
]


@pytest.mark.parametrize(("code", "status"), STATUS_OF.items())
def test_every_code_has_the_status_in_the_contract(code: str, status: int) -> None:
    assert REGISTRY[ErrorCode(code)].status == status


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_is_described(code: ErrorCode) -> None:
    kind = REGISTRY[code]

    assert 400 <= kind.status <= 599
    assert kind.title
    assert kind.description.endswith(".")


def test_titles_are_unique() -> None:
    assert len({kind.title for kind in REGISTRY.values()}) == len(ErrorCode)


def test_retryable_errors_have_retry_after() -> None:
    with_retry = {code.value for code, kind in REGISTRY.items() if kind.retry_after}

    assert with_retry == {"RateLimitExceeded", "ServiceUnavailable"}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_every_route_lists_codes_once(route: object) -> None:
    errors: tuple[ErrorCode, ...] = route.errors  # type: ignore[attr-defined]

    assert len(set(errors)) == len(errors)


@given(st.permutations(PRECEDENCE))
def test_the_code_of_an_error_is_that_of_the_first_problem_in_the_contracts_order(codes: list[str]) -> None:
    error = InstallHubError(Problem(ErrorCode(code), "") for code in codes)

    assert [problem.code.value for problem in error.problems] == PRECEDENCE
    assert error.code.value == "InvalidRequest"
    assert error.kind is REGISTRY[ErrorCode.INVALID_REQUEST]


@given(st.lists(st.sampled_from(PRECEDENCE), min_size=1))
def test_problems_of_one_code_keep_their_order(codes: list[str]) -> None:
    problems = [Problem(ErrorCode(code), str(index)) for index, code in enumerate(codes)]

    ordered = sorted_by_precedence(problems)

    assert ordered == sorted(problems, key=lambda problem: (PRECEDENCE.index(problem.code), int(problem.detail)))


def test_a_problem_contains_all_fields_that_are_set() -> None:
    problem = Problem(ErrorCode.CIRCULAR_DEPENDENCY, "why", "a", ("x", "y"), ("a", "b", "a"), "/artifactIds/0")

    assert problem.as_json() == {
        "errorCode": "CircularDependency",
        "detail": "why",
        "artifactId": "a",
        "requiredBy": ["x", "y"],
        "cycle": ["a", "b", "a"],
        "pointer": "/artifactIds/0",
    }


def test_a_problem_omits_fields_that_are_not_set() -> None:
    assert Problem(ErrorCode.INVALID_VERSION, "why").as_json() == {"errorCode": "InvalidVersion", "detail": "why"}


def test_an_empty_pointer_means_the_whole_body_and_is_kept() -> None:
    assert Problem(ErrorCode.INVALID_REQUEST, "why", pointer="").as_json()["pointer"] == ""


def test_an_error_of_one_code_is_described_by_the_registry() -> None:
    error = InstallHubError.of(ErrorCode.VERSION_CONFLICT)

    assert [problem.detail for problem in error.problems] == [REGISTRY[ErrorCode.VERSION_CONFLICT].description]


def test_only_the_log_names_the_service_that_failed() -> None:
    error = ServiceUnavailableError("dynamodb")

    assert (error.code, error.service) == (ErrorCode.SERVICE_UNAVAILABLE, "dynamodb")
    assert "dynamodb" not in str(error.problems)
