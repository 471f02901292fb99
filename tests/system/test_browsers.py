"""The API called by pages in a real browser, from another origin (CORS)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.stacks import free_port
from tests.system.browser import fetch, launched, page_at
from tests.system.client import ALL_SCOPES, ARTIFACTS, BASE, TENANT, Api, artifact, export_body

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def portal(browser: Browser, page_port: int) -> Iterator[Page]:
    """A page of the allowed origin."""
    with page_at(browser, page_port) as page:
        yield page


def call(  # the parts of a request
    api: Api, page: Page, method: str, path: str, body: object = None, *, base: str = BASE, **headers: str
) -> dict[str, Any]:
    """Send a request like a page that holds a token."""
    request_headers = {"Authorization": f"Bearer {api.token(TENANT)}", **headers}
    options: dict[str, Any] = {"method": method, "headers": request_headers}
    if body is not None:
        options["body"] = json.dumps(body)
        request_headers["Content-Type"] = "application/json"
    return fetch(page, f"{api.stack.url}{base}{path}", **options)


def export(api: Api, page: Page, name: str) -> dict[str, Any]:
    return call(api, page, "POST", "/export", export_body(name, "proc-1001"), **{"Idempotency-Key": f'"{name}"'})


@pytest.fixture(scope="module")
def package(limited_api: Api, portal: Page) -> dict[str, Any]:
    """A package that the page exported."""
    exported = export(limited_api, portal, "From a page")
    assert exported["status"] == 200, exported
    body: dict[str, Any] = json.loads(exported["body"])
    return body


def test_a_page_exports_a_package_and_reads_it(limited_api: Api, portal: Page, package: dict[str, Any]) -> None:
    found = call(limited_api, portal, "GET", f"/{package['packageId']}")

    assert json.loads(found["body"]) == package


def test_a_page_downloads_a_bundle_that_is_a_redirect_to_s3(
    limited_api: Api, portal: Page, package: dict[str, Any]
) -> None:
    download = call(limited_api, portal, "GET", f"/{package['packageId']}/download")

    assert download["status"] == 200, download
    assert download["redirected"], "larger than MaxInlineBundleBytes"
    assert f"sha256:{hashlib.sha256(download['body']).hexdigest()}" == package["checksum"]
    assert "content-disposition" in download["headers"]


def test_a_page_edits_an_artifact(limited_api: Api, portal: Page) -> None:
    """PUT and DELETE, and If-Match, need a preflight request."""
    token = {"Authorization": f"Bearer {limited_api.token(TENANT, scope=ALL_SCOPES)}"}
    fields = {name: value for name, value in artifact("edited", tenantId=TENANT).items() if name != "artifactId"}

    created = call(limited_api, portal, "PUT", "/edited", fields, base=ARTIFACTS, **token)
    etag = {"If-Match": created["headers"]["etag"]}
    changed = call(limited_api, portal, "PUT", "/edited", {**fields, "name": "New"}, base=ARTIFACTS, **token, **etag)
    refused = call(limited_api, portal, "DELETE", "/edited", base=ARTIFACTS, **token, **etag)
    listed = call(limited_api, portal, "GET", "?limit=1", base=ARTIFACTS, **token)
    etag["If-Match"] = changed["headers"]["etag"]
    deleted = call(limited_api, portal, "DELETE", "/edited", base=ARTIFACTS, **token, **etag)

    assert [each["status"] for each in (created, changed, refused, listed, deleted)] == [201, 200, 412, 200, 204]
    assert 'rel="next"' in listed["headers"]["link"]


def test_a_page_sees_that_its_token_is_missing_or_invalid(limited_api: Api, portal: Page) -> None:
    missing = fetch(portal, f"{limited_api.stack.url}{BASE}/pkg-1")
    invalid = call(limited_api, portal, "GET", "/pkg-1", Authorization="Bearer nonsense")

    for response in (missing, invalid):
        assert (response["status"], json.loads(response["body"])["errorCode"]) == (401, "Unauthorized")
        assert "www-authenticate" in response["headers"]


def test_a_page_sees_refusals_of_functions(limited_api: Api, portal: Page) -> None:
    refused = call(limited_api, portal, "POST", "/export", {})

    assert (refused["status"], json.loads(refused["body"])["errorCode"]) == (400, "InvalidRequest")


def test_a_page_sees_that_it_is_throttled_and_for_how_long(limited_api: Api, portal: Page) -> None:
    responses = [export(limited_api, portal, "From a page") for _ in range(12)]

    throttled = next(response for response in responses if response["status"] == 429)
    assert json.loads(throttled["body"])["errorCode"] == "RateLimitExceeded"
    assert int(throttled["headers"]["retry-after"]) >= 1


def test_a_page_of_another_origin_can_neither_send_a_token_nor_read_a_response(
    limited_api: Api, browser: Browser
) -> None:
    with page_at(browser, free_port()) as stranger:
        assert "error" in call(limited_api, stranger, "GET", "/pkg-1")
        assert "error" in fetch(stranger, f"{limited_api.stack.url}{BASE}/pkg-1")
