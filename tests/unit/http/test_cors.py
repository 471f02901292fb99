"""Headers for pages in browsers (CORS)."""

from __future__ import annotations

from typing import Any

import pytest

from installhub.contract.routes import (
    DOWNLOAD,
    EXPORT,
    GET_DEFINITION,
    LIST_ARTIFACTS,
    LIST_DEPENDENTS,
    PUBLISH_ARTIFACTS,
    PUT_ARTIFACT,
    Route,
    methods_of,
)
from installhub.http.cors import CrossOriginPolicy
from installhub.http.response import Response
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.runtime.settings import Settings
from tests.unit.http.serving import error_response, headers_of, respond

PORTAL = "https://portal.example.com"
STAGING = "http://localhost:8080"
POLICY = CrossOriginPolicy.from_settings(Settings({"ALLOWED_ORIGINS": f"{PORTAL}, {STAGING}"}))
CORS_PREFIX = "Access-Control-"

NOT_ALLOWED = [
    None,
    "",
    "null",
    "*",
    "https://evil.example.com",
    "http://portal.example.com",
    "https://portal.example.com:8443",
    "https://portal.example.com/",
    "https://portal.example.com.evil.example",
    "HTTPS://PORTAL.EXAMPLE.COM",
    f"{PORTAL},{STAGING}",
]


def cors_headers(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith(CORS_PREFIX)}


@pytest.mark.parametrize("origin", [PORTAL, STAGING])
def test_an_allowed_origin_may_read_the_response_and_the_headers_of_the_api(origin: str) -> None:
    headers = POLICY.response_headers(origin)

    assert headers["Access-Control-Allow-Origin"] == origin
    exposed = headers["Access-Control-Expose-Headers"].split(", ")
    assert {*("ETag", "Location", "Retry-After", "Content-Disposition", "Repr-Digest", "Link", "Deprecation")} <= set(
        exposed
    )


@pytest.mark.parametrize("origin", NOT_ALLOWED)
def test_any_other_origin_gets_no_cors_header(origin: str | None) -> None:
    assert POLICY.response_headers(origin) == {"Vary": "Origin"}
    assert POLICY.preflight_headers(origin, ["GET"]) == {"Vary": "Origin"}


@pytest.mark.parametrize("setting", [{}, {"ALLOWED_ORIGINS": ""}, {"ALLOWED_ORIGINS": " , "}])
def test_by_default_no_origin_is_allowed_and_responses_do_not_vary(setting: dict[str, str]) -> None:
    policy = CrossOriginPolicy.from_settings(Settings(setting))

    assert policy.response_headers(PORTAL) == {}
    assert policy.preflight_headers(PORTAL, ["GET"]) == {}


def test_credentials_such_as_cookies_are_never_allowed() -> None:
    assert "Access-Control-Allow-Credentials" not in POLICY.response_headers(PORTAL)
    assert "Access-Control-Allow-Credentials" not in POLICY.preflight_headers(PORTAL, ["GET"])


def test_a_preflight_response_lists_the_methods_of_the_path_and_the_headers_of_requests() -> None:
    headers = POLICY.preflight_headers(PORTAL, methods_of(DOWNLOAD.path))

    assert headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    allowed = headers["Access-Control-Allow-Headers"].split(", ")
    assert {"Authorization", "Content-Type", "Idempotency-Key", "Prefer", "X-Tenant-Id"} <= set(allowed)
    assert int(headers["Access-Control-Max-Age"]) > 0
    assert "Access-Control-Expose-Headers" not in headers


def test_a_page_may_change_an_artifact_on_conditions_and_follow_a_list() -> None:
    headers = POLICY.preflight_headers(PORTAL, methods_of(PUT_ARTIFACT.path))

    assert set(headers["Access-Control-Allow-Methods"].split(", ")) == {"PUT", "GET", "HEAD", "DELETE", "OPTIONS"}
    assert {"If-Match", "If-None-Match"} <= set(headers["Access-Control-Allow-Headers"].split(", "))
    exposed = POLICY.response_headers(PORTAL)["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "Link", "WWW-Authenticate"} <= set(exposed)


@pytest.mark.parametrize(
    ("route", "methods"),
    [
        (LIST_ARTIFACTS, {"GET", "HEAD", "OPTIONS"}),
        (PUBLISH_ARTIFACTS, {"POST", "OPTIONS"}),
        (GET_DEFINITION, {"GET", "HEAD", "OPTIONS"}),
        (LIST_DEPENDENTS, {"GET", "HEAD", "OPTIONS"}),
    ],
    ids=lambda value: getattr(value, "operation", ""),
)
def test_each_path_of_artifacts_has_its_methods(route: Route, methods: set[str]) -> None:
    assert set(methods_of(route.path)) == methods


def test_a_path_with_a_body_has_its_method_only() -> None:
    assert methods_of(EXPORT.path) == ("POST", "OPTIONS")


def test_an_unknown_path_has_no_method_of_a_route() -> None:
    assert methods_of("/somewhere/else") == ("OPTIONS",)


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", PORTAL)


def results(**request: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return a response, a refusal and an unforeseen failure."""
    return [
        respond(lambda _: Response(200, {"Content-Type": "text/plain"}, "x"), **request),
        error_response(InstallHubError.of(ErrorCode.INVALID_REQUEST), **request),
        error_response(RuntimeError("bug"), **request),
    ]


@pytest.mark.usefixtures("allowed")
def test_responses_and_errors_of_every_kind_have_the_headers() -> None:
    for result in results(headers={"origin": PORTAL}):
        assert cors_headers(headers_of(result)) == cors_headers(POLICY.response_headers(PORTAL))
        assert headers_of(result)["Vary"] == "Origin"


@pytest.mark.usefixtures("allowed")
def test_a_page_of_another_origin_gets_none_of_them() -> None:
    for result in results(headers={"Origin": "https://evil.example.com"}):
        assert cors_headers(headers_of(result)) == {}


@pytest.mark.usefixtures("allowed")
def test_vary_also_keeps_the_headers_that_the_response_depends_on_already() -> None:
    result = respond(lambda _: Response(200, {"Vary": "Accept-Encoding"}, "x"), headers={"Origin": PORTAL})

    assert headers_of(result)["Vary"] == "Accept-Encoding, Origin"


def test_without_allowed_origins_a_response_is_unchanged() -> None:
    (result, *_) = results(headers={"Origin": PORTAL})

    assert headers_of(result) == {"Content-Type": "text/plain"}
