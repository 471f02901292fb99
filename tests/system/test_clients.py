"""What HTTP clients of all kinds expect: HEAD, no Accept, ranges, conditional requests."""

from __future__ import annotations

import hashlib
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from installhub.model.errors import ErrorCode
from tests.system.client import BASE, TENANT, Api, export_body
from tests.system.test_error_responses import UNKNOWN_PACKAGE, assert_problem

if TYPE_CHECKING:
    import requests

PER_REQUEST = {"date", "x-amzn-requestid", "x-amz-request-id"}
"""Headers that differ between any two responses."""


@pytest.fixture(scope="module")
def package(api: Api) -> dict[str, Any]:
    response = api.export_with_retry(export_body("For clients of all kinds"))
    assert response.status_code == 200, response.text
    exported: dict[str, Any] = response.json()
    return exported


@pytest.fixture(scope="module")
def bundle(api: Api, package: dict[str, Any]) -> bytes:
    content = api.download(package["packageId"]).content
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == package["checksum"]
    return content


def raw_response(api: Api, request: str) -> tuple[str, bytes]:
    """Send a request with exactly these lines, and return the head and the body of the response."""
    url = urlsplit(api.stack.url)
    head = f"{request}Host: {url.netloc}\r\nConnection: close\r\nAuthorization: Bearer {api.token(TENANT)}\r\n\r\n"
    with socket.create_connection((str(url.hostname), int(url.port or 80)), timeout=60) as connection:
        connection.sendall(head.encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    headers, _, body = received.partition(b"\r\n\r\n")
    return headers.decode("latin-1"), body


@pytest.mark.parametrize("suffix", ["", "/download", "/sbom"])
def test_head_returns_the_headers_of_get_and_no_body(api: Api, package: dict[str, Any], suffix: str) -> None:
    path = f"/{package['packageId']}{suffix}"

    get, head = api.call("GET", path), api.call("HEAD", path)

    assert (head.status_code, head.content) == (200, b"")
    assert comparable(head) == comparable(get)
    assert int(head.headers["Content-Length"]) == len(get.content)


@pytest.mark.parametrize("suffix", ["", "/download", "/sbom"])
def test_head_of_an_unknown_package_is_404(api: Api, suffix: str) -> None:
    response = api.call("HEAD", f"/{UNKNOWN_PACKAGE}{suffix}")

    assert (response.status_code, response.content) == (404, b"")


@pytest.mark.parametrize("suffix", ["", "/download", "/sbom"])
def test_head_needs_a_token(api: Api, package: dict[str, Any], suffix: str) -> None:
    assert api.call("HEAD", f"/{package['packageId']}{suffix}", token=None).status_code == 401


def test_head_of_a_large_bundle_can_follow_the_redirect(limited_api: Api) -> None:
    exported = limited_api.export_with_retry(export_body("Looked at, not downloaded"))
    path = f"/{exported.json()['packageId']}/download"

    head = limited_api.call("HEAD", path)

    assert [response.status_code for response in head.history] == [307]
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(limited_api.call("GET", path).content)


def test_a_client_that_sends_no_accept_header_gets_bytes(api: Api, package: dict[str, Any], bundle: bytes) -> None:
    path = f"{urlsplit(api.stack.url).path}{BASE}/{package['packageId']}/download"

    head, body = raw_response(api, f"GET {path} HTTP/1.1\r\n")

    assert head.startswith("HTTP/1.1 200")
    assert body[:2] == b"PK"
    assert body == bundle


def test_a_download_can_be_resumed(api: Api, package: dict[str, Any], bundle: bytes) -> None:
    first = api.download(package["packageId"], headers={"Range": "bytes=0-99"})
    rest = api.download(package["packageId"], headers={"Range": "bytes=100-", "If-Range": first.headers["ETag"]})

    assert (first.status_code, rest.status_code) == (206, 206)
    assert rest.headers["Content-Range"] == f"bytes 100-{len(bundle) - 1}/{len(bundle)}"
    assert first.content + rest.content == bundle


def test_a_range_of_a_large_bundle_is_served_by_s3(limited_api: Api) -> None:
    exported = limited_api.export_with_retry(export_body("Resumed from S3"))

    part = limited_api.download(exported.json()["packageId"], headers={"Range": "bytes=0-3"})

    assert [response.status_code for response in part.history] == [307]
    assert (part.status_code, part.content) == (206, b"PK\x03\x04")


def test_a_range_after_the_end_is_416_with_the_size(api: Api, package: dict[str, Any], bundle: bytes) -> None:
    response = api.download(package["packageId"], headers={"Range": f"bytes={len(bundle)}-"})

    assert_problem(response, ErrorCode.RANGE_NOT_SATISFIABLE)
    assert response.headers["Content-Range"] == f"bytes */{len(bundle)}"


@pytest.mark.parametrize("path", ["/export", "/preview", f"/{UNKNOWN_PACKAGE}", f"/{UNKNOWN_PACKAGE}/download"])
def test_options_lists_the_methods_without_a_token_and_without_cors_by_default(api: Api, path: str) -> None:
    response = api.call("OPTIONS", path, token=None, headers={"Origin": "https://portal.example.com"})

    assert (response.status_code, response.content) == (204, b"")
    assert "OPTIONS" in response.headers["Allow"]
    assert not [name for name in response.headers if name.lower().startswith("access-control-")]


def comparable(response: requests.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.lower() not in PER_REQUEST}
