"""Preview, export, metadata and download of a package, served from containers."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from installhub.model.errors import ErrorCode
from tests.sam_local.conftest import ORIGIN
from tests.system.client import BASE, TENANT, Api, export_body
from tests.system.test_attestations import keys_of, verified
from tests.system.test_error_responses import assert_problem
from tests.system.test_export_flow import PREVIEW_EXAMPLE

if TYPE_CHECKING:
    from tests.sam_local.conftest import Served


@pytest.fixture(scope="module")
def package(served: Served) -> dict[str, Any]:
    response = served.api.export(export_body("Employee Onboarding", version="2.1.0", tags=["hr"]))
    assert response.status_code == 200, response.text
    exported: dict[str, Any] = response.json()
    return exported


def test_a_preview_returns_the_documented_example(api: Api) -> None:
    response = api.preview({"tenantId": TENANT, "artifactIds": ["proc-1001"]})
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == PREVIEW_EXAMPLE
    assert list(response.json()) == list(PREVIEW_EXAMPLE)


def test_an_export_returns_the_same_as_its_metadata(api: Api, package: dict[str, Any]) -> None:
    assert package["isSuccess"] is True
    assert package["bundleDownloadUrl"] == f"{BASE}/{package['packageId']}/download"
    assert package["manifest"]["installOrder"] == PREVIEW_EXAMPLE["installOrder"]
    assert api.get(package["packageId"]).json() == package


@pytest.mark.parametrize("accept", ["*/*", "application/zip", "text/html,application/xhtml+xml,*/*;q=0.8"])
def test_the_downloaded_bundle_matches_its_checksum(api: Api, package: dict[str, Any], accept: str) -> None:
    download = api.download(package["packageId"], headers={"Accept": accept})
    digest = hashlib.sha256(download.content).hexdigest()
    assert (download.status_code, f"sha256:{digest}") == (200, package["checksum"])
    assert download.headers["Content-Type"] == "application/zip"
    assert download.headers["ETag"] == f'"sha256-{digest}"'
    assert download.headers["Content-Disposition"] == 'attachment; filename="employee-onboarding-2.1.0.zip"'
    with zipfile.ZipFile(io.BytesIO(download.content)) as bundle:
        assert bundle.testzip() is None
        assert json.loads(bundle.read("manifest.json")) == package["manifest"]


def test_the_bundle_can_be_requested_by_clients_of_all_kinds(api: Api, package: dict[str, Any]) -> None:
    path = f"/{package['packageId']}/download"
    whole = api.call("GET", path)
    head, part = api.call("HEAD", path), api.call("GET", path, headers={"Range": "bytes=0-1"})
    assert (whole.content[:2], head.content, part.content) == (b"PK", b"", b"PK")
    assert (head.status_code, head.headers["ETag"]) == (200, whole.headers["ETag"])
    assert (part.status_code, part.headers["Content-Range"]) == (206, f"bytes 0-1/{len(whole.content)}")
    after_the_end = api.call("GET", path, headers={"Range": f"bytes={len(whole.content)}-"})
    assert_problem(after_the_end, ErrorCode.RANGE_NOT_SATISFIABLE)


def test_the_attestation_is_signed_with_a_published_key(api: Api, package: dict[str, Any]) -> None:
    attestation = api.call("GET", f"/{package['packageId']}/attestation").json()
    statement = verified(attestation, keys_of(api).json())
    assert f"sha256:{statement['subject'][0]['digest']['sha256']}" == package["checksum"]


def test_the_smoke_test_accepts_it(api: Api, served: Served) -> None:
    result = served.make("smoke", f"URL={api.url}", f"TOKEN={api.token(TENANT)}")
    assert result.returncode == 0, result.stderr
    assert "the token is accepted" in result.stdout


def test_preflight_requests_are_answered(api: Api, package: dict[str, Any]) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    preflight = api.call("OPTIONS", f"/{package['packageId']}", token=None, headers=headers)
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    assert api.get(package["packageId"], headers=headers).headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_client_that_has_the_bundle_gets_a_304(api: Api, package: dict[str, Any]) -> None:
    tag = api.download(package["packageId"]).headers["ETag"]
    again = api.download(package["packageId"], headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)


def test_a_large_bundle_is_a_redirect_that_clients_follow(api: Api) -> None:
    package = api.export(export_body("Behind a link", "app-5001", packageType="app-package")).json()
    redirect = api.download(package["packageId"], redirects=False)
    assert redirect.status_code == 307
    followed = api.download(package["packageId"])
    assert followed.status_code == 200, followed.text
    assert followed.history
    assert followed.headers["Content-Type"] == "application/zip"
    assert followed.headers["Content-Disposition"] == 'attachment; filename="behind-a-link-1.0.0.zip"'
    assert f"sha256:{hashlib.sha256(followed.content).hexdigest()}" == package["checksum"]


def test_containers_and_the_emulator_create_the_same_package(api: Api) -> None:
    """They have different Python versions and wheels, and share the tables."""
    in_container = api.export(export_body("Twice the same", version="1.0.0")).json()
    emulated = Api(api.state, api.stack).export_with_retry(export_body("Twice the same", version="1.0.1")).json()
    digests = [
        {entry["id"]: entry["sha256"] for entry in one["manifest"]["artifacts"]} for one in (in_container, emulated)
    ]
    assert digests[0] == digests[1]
    assert Api(api.state, api.stack).get(in_container["packageId"]).json() == in_container
    assert api.get(emulated["packageId"]).json() == emulated
