"""Authorization by token, scope and tenant, over HTTP."""

from __future__ import annotations

import base64
import json

import pytest

from installhub.model.errors import ErrorCode
from tests.jws import encode
from tests.system.client import OTHER_TENANT, TENANT, Api, export_body
from tests.system.test_error_responses import UNKNOWN_PACKAGE, assert_problem

PREVIEW = {"tenantId": TENANT, "artifactIds": ["proc-1001"]}
ROUTES = [
    ("POST", "/export", export_body("Never made")),
    ("POST", "/preview", PREVIEW),
    ("GET", f"/{UNKNOWN_PACKAGE}", None),
    ("GET", f"/{UNKNOWN_PACKAGE}/download", None),
    ("GET", f"/{UNKNOWN_PACKAGE}/diff", None),
    ("GET", f"/{UNKNOWN_PACKAGE}/sbom", None),
    ("GET", "", None),
    ("GET", "/versions?name=Suite", None),
    ("PATCH", f"/{UNKNOWN_PACKAGE}", {"lifecycle": "active"}),
]


def _segments(token: str) -> tuple[dict[str, object], dict[str, object], str]:
    header, payload, signature = token.split(".")
    return (*(json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, payload)), signature)


def _encoded(part: dict[str, object]) -> str:
    return encode(json.dumps(part).encode())


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_a_missing_token_is_challenged(api: Api, method: str, path: str, body: object) -> None:
    response = api.call(method, path, body, token=None)
    assert_problem(response, ErrorCode.UNAUTHORIZED)
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_an_expired_token_is_invalid(api: Api, method: str, path: str, body: object) -> None:
    response = api.call(method, path, body, token=api.token(TENANT, lifetime=-600))
    assert_problem(response, ErrorCode.UNAUTHORIZED)
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    "forgery", ["garbage", "a.b.c", "no signature", "alg none", "other payload", "jku", "unknown key", "trailing"]
)
def test_a_forged_token_is_rejected(api: Api, forgery: str) -> None:
    valid = api.token(OTHER_TENANT)
    header, payload, signature = _segments(valid)
    token = {
        "garbage": "garbage",
        "a.b.c": "a.b.c",
        "no signature": f"{valid.rpartition('.')[0]}.",
        "alg none": f"{_encoded({**header, 'alg': 'none'})}.{_encoded(payload)}.",
        "other payload": f"{_encoded(header)}.{_encoded({**payload, 'tenants': [TENANT]})}.{signature}",
        "jku": f"{_encoded({**header, 'jku': 'https://attacker.example/keys'})}.{_encoded(payload)}.{signature}",
        "unknown key": f"{_encoded({**header, 'kid': 'other'})}.{_encoded(payload)}.{signature}",
        "trailing": f"{valid}.x",
    }[forgery]
    response = api.preview(PREVIEW, token=token)
    assert_problem(response, ErrorCode.UNAUTHORIZED)
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_every_route_requires_the_scope(api: Api, method: str, path: str, body: object) -> None:
    assert_problem(api.call(method, path, body, token=api.token(TENANT, scope="other")), ErrorCode.INSUFFICIENT_SCOPE)


@pytest.mark.parametrize(
    ("tenants", "in_body", "in_header", "code"),
    [
        ([TENANT], TENANT, None, None),
        ([TENANT], None, TENANT, None),
        ([TENANT], TENANT, TENANT, None),
        ([TENANT, OTHER_TENANT], TENANT, None, None),
        ([TENANT], None, None, ErrorCode.INVALID_REQUEST),
        ([TENANT], TENANT, OTHER_TENANT, ErrorCode.TENANT_MISMATCH),
        ([TENANT, OTHER_TENANT], TENANT, OTHER_TENANT, ErrorCode.TENANT_MISMATCH),
        ([OTHER_TENANT], TENANT, None, ErrorCode.TENANT_MISMATCH),
        ([OTHER_TENANT], None, TENANT, ErrorCode.TENANT_MISMATCH),
        ([], TENANT, None, ErrorCode.TENANT_MISMATCH),
    ],
)
def test_the_tenant_must_be_unambiguous_and_one_of_the_callers(
    api: Api, tenants: list[str], in_body: str | None, in_header: str | None, code: ErrorCode | None
) -> None:
    body = {"artifactIds": ["proc-1001"], **({"tenantId": in_body} if in_body else {})}
    headers = {"X-Tenant-Id": in_header} if in_header else {}
    response = api.preview(body, token=api.token(*tenants), headers=headers)
    if code is None:
        assert response.status_code == 200, response.text
    else:
        assert_problem(response, code)


def test_the_header_restricts_a_caller_with_several_tenants(api: Api) -> None:
    package_id = api.export(export_body("Narrowed")).json()["packageId"]
    both = api.token(TENANT, OTHER_TENANT)
    assert api.get(package_id, token=both).status_code == 200
    assert api.get(package_id, token=both, headers={"X-Tenant-Id": TENANT}).status_code == 200
    assert_problem(api.get(package_id, token=both, headers={"X-Tenant-Id": OTHER_TENANT}), ErrorCode.PACKAGE_NOT_FOUND)
    assert_problem(api.get(package_id, headers={"X-Tenant-Id": OTHER_TENANT}), ErrorCode.TENANT_MISMATCH)
