"""Download responses: the bundle itself, a presigned URL, or 304."""

from __future__ import annotations

from typing import Any, cast

import pytest

from installhub.http.bundle_headers import entity_tag
from installhub.http.package_responses import bundle_response
from installhub.packages.bundle_store import LINK_LIFETIME_SECONDS, BundleStore
from tests.builders import record
from tests.unit.http.serving import BUNDLE, content_of, headers_of, problem_of, respond


class FakeBundles:
    """A bucket with a single bundle that records reads and presigned URLs."""

    def __init__(self) -> None:
        self.links: list[tuple[str, str, str, int]] = []
        self.reads = 0

    def read(self, _key: str) -> bytes:
        self.reads += 1
        return BUNDLE

    def read_range(self, _key: str, offset: int, length: int) -> bytes:
        self.reads += 1
        return BUNDLE[offset : offset + length]

    def presigned_url(self, method: str, key: str, disposition: str, seconds: int) -> str:
        self.links.append((method, key, disposition, seconds))
        return "https://bucket.example/link?signature=x"


def download(bundles: FakeBundles, max_inline: int, method: str = "GET", **headers: str) -> dict[str, Any]:
    stored = record(name="Größe", bundle=BUNDLE)
    request_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return respond(
        lambda request: bundle_response(request, stored, cast("BundleStore", bundles), max_inline),
        method=method,
        headers=request_headers,
    )


def test_a_bundle_is_returned_as_bytes_with_all_headers() -> None:
    response = download(FakeBundles(), len(BUNDLE))

    headers = headers_of(response)
    assert response["statusCode"] == 200
    assert content_of(response) == BUNDLE
    assert headers["Content-Type"] == "application/zip"
    assert headers["Content-Disposition"].startswith('attachment; filename="groe-2.1.0.zip"; filename*=')
    assert headers["ETag"] == entity_tag(record(bundle=BUNDLE))
    # From `openssl dgst -sha256 -binary | base64`.
    assert headers["Repr-Digest"] == "sha-256=:4GMDyIlVMmGfrQtwgiIcfmI1nsDx5FjkJzI7d798u3g=:"


@pytest.mark.parametrize("tag", [entity_tag(record(bundle=BUNDLE)), "*", f"W/{entity_tag(record(bundle=BUNDLE))}"])
def test_a_client_that_has_the_bundle_gets_no_bytes(tag: str) -> None:
    bundles = FakeBundles()

    response = download(bundles, len(BUNDLE), If_None_Match=tag)

    assert response["statusCode"] == 304
    assert headers_of(response)["ETag"] == entity_tag(record(bundle=BUNDLE))
    assert not response.get("body")
    assert (bundles.reads, bundles.links) == (0, [])


def test_a_client_with_a_different_bundle_gets_the_current_one() -> None:
    assert download(FakeBundles(), len(BUNDLE), If_None_Match='"sha256-0"')["statusCode"] == 200


def test_a_bundle_too_large_for_one_response_is_a_short_lived_link_with_the_same_file_name() -> None:
    bundles = FakeBundles()

    response = download(bundles, len(BUNDLE) - 1)

    headers = headers_of(response)
    assert (response["statusCode"], headers["Location"]) == (307, "https://bucket.example/link?signature=x")
    disposition = headers_of(download(FakeBundles(), 1_000))["Content-Disposition"]
    assert bundles.links == [("GET", record().bundle_key, disposition, LINK_LIFETIME_SECONDS)]
    assert LINK_LIFETIME_SECONDS <= 300
    assert bundles.reads == 0
    assert headers["Cache-Control"] == "no-store", "the URL is for this caller and expires soon"


def test_a_head_request_for_a_large_bundle_gets_a_link_for_head() -> None:
    bundles = FakeBundles()

    download(bundles, 0, "HEAD")

    assert [method for method, *_ in bundles.links] == ["HEAD"]


def test_a_head_request_gets_the_headers_of_a_get_request() -> None:
    head = download(FakeBundles(), len(BUNDLE), "HEAD", Range="bytes=0-1")

    assert (head["statusCode"], headers_of(head)) == (200, headers_of(download(FakeBundles(), len(BUNDLE))))


def test_a_range_of_the_bundle_is_returned_with_its_position_and_the_digest_of_the_whole() -> None:
    whole = download(FakeBundles(), len(BUNDLE))

    part = download(FakeBundles(), len(BUNDLE), Range="bytes=2-4")

    assert part["statusCode"] == 206
    assert content_of(part) == BUNDLE[2:5]
    assert headers_of(part) == {**headers_of(whole), "Content-Range": f"bytes 2-4/{len(BUNDLE)}"}
    assert headers_of(whole)["Accept-Ranges"] == "bytes"


def test_a_range_after_the_end_is_a_problem_with_the_size() -> None:
    bundles = FakeBundles()

    response = download(bundles, len(BUNDLE), Range=f"bytes={len(BUNDLE)}-")

    assert response["statusCode"] == 416
    assert problem_of(response)["errorCode"] == "RangeNotSatisfiable"
    assert headers_of(response)["Content-Range"] == f"bytes */{len(BUNDLE)}"
    assert bundles.reads == 0


def test_a_range_of_an_older_bundle_is_ignored() -> None:
    response = download(FakeBundles(), len(BUNDLE), Range="bytes=2-4", If_Range='"sha256-0"')

    assert (response["statusCode"], content_of(response)) == (200, BUNDLE)
