"""Preview, export, metadata and download of a package, over HTTP."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING

from tests.system.client import BASE, TENANT, Api, export_body

if TYPE_CHECKING:
    import requests

PREVIEW_EXAMPLE = {
    "rootArtifacts": [{"type": "ProcessDefinition", "id": "proc-1001", "name": "EmployeeOnboarding"}],
    "resolvedDependencies": [
        {"type": "ThreadDefinition", "id": "thread-2002", "name": "ApprovalSubflow", "resolvedFrom": "proc-1001"},
        {"type": "AtlasForm", "id": "form-2005", "name": "EmployeeForm", "resolvedFrom": "proc-1001"},
        {"type": "RuleSet", "id": "rule-305", "name": "ApprovalRules", "resolvedFrom": "proc-1001"},
        {"type": "EntitySchema", "id": "ent-44", "name": "EmployeeSchema", "resolvedFrom": "form-2005"},
    ],
    "totalArtifacts": 5,
    "installOrder": ["ent-44", "rule-305", "form-2005", "thread-2002", "proc-1001"],
    "hasCircularDependency": False,
    "warnings": [],
}


def test_a_preview_returns_the_documented_example(api: Api) -> None:
    response = api.preview({"tenantId": TENANT, "artifactIds": ["proc-1001"]})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == PREVIEW_EXAMPLE
    assert list(response.json()) == list(PREVIEW_EXAMPLE)


def test_an_export_returns_the_same_as_every_later_get(api: Api) -> None:
    request = export_body(
        "Employee Onboarding Suite", version="2.1.0", description="Complete", author="HR", tags=["hr", "onboarding"]
    )
    exported = api.export(request)
    assert exported.status_code == 200, exported.text
    package = exported.json()
    assert package["isSuccess"] is True
    assert package["packageName"] == "Employee Onboarding Suite"
    assert package["artifactCount"] == 5
    assert package["bundleDownloadUrl"] == f"{BASE}/{package['packageId']}/download"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", package["exportedAt"])
    assert package["manifest"]["installOrder"] == PREVIEW_EXAMPLE["installOrder"]

    assert api.get(package["packageId"]).json() == package

    download = api.download(package["packageId"])
    assert download.status_code == 200
    _assert_bundle(download, package)
    assert download.headers["Content-Disposition"] == 'attachment; filename="employee-onboarding-suite-2.1.0.zip"'


def test_the_bundle_is_returned_for_any_accept_header(api: Api) -> None:
    package = api.export(export_body("Accept")).json()
    for accept in ("*/*", "application/zip", "text/html,application/xhtml+xml,*/*;q=0.8", "application/json"):
        download = api.download(package["packageId"], headers={"Accept": accept})
        assert hashlib.sha256(download.content).hexdigest() == package["checksum"].removeprefix("sha256:"), accept


def test_a_client_that_has_the_bundle_gets_a_304(api: Api) -> None:
    package = api.export(export_body("Not modified")).json()
    first = api.download(package["packageId"])
    again = api.download(package["packageId"], headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    other = api.download(package["packageId"], headers={"If-None-Match": '"sha256-other"'})
    assert other.status_code == 200


def test_a_non_ascii_name_is_part_of_the_file_name(api: Api) -> None:
    package = api.export(export_body("Größe 設定")).json()
    disposition = api.download(package["packageId"]).headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=\"groe-1.0.0.zip\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20")


def test_unusual_ids_yield_valid_entries(api: Api) -> None:
    package = api.export(export_body("Odd ids", "app-5003", packageType="app-package")).json()
    _assert_bundle(api.download(package["packageId"]), package)


def test_two_new_stacks_create_identical_bundles(api: Api, limited_api: Api) -> None:
    request = export_body("Reproducible", "app-5003", packageType="app-package")
    first, second = api.export(request).json(), limited_api.export_with_retry(request).json()
    assert first["checksum"] == second["checksum"]
    assert first["packageId"] == second["packageId"]
    assert api.download(first["packageId"]).content == limited_api.download(second["packageId"]).content


def test_a_large_bundle_is_a_redirect_that_clients_follow(limited_api: Api) -> None:
    package = limited_api.export_with_retry(export_body("Behind a link")).json()
    redirect = limited_api.download(package["packageId"], redirects=False)
    assert redirect.status_code == 307
    followed = limited_api.download(package["packageId"])
    assert followed.status_code == 200
    assert followed.headers["Content-Type"] == "application/zip"
    assert followed.headers["Content-Disposition"] == 'attachment; filename="behind-a-link-1.0.0.zip"'
    assert f"sha256:{hashlib.sha256(followed.content).hexdigest()}" == package["checksum"]


def _assert_bundle(download: requests.Response, package: dict[str, object]) -> None:
    content = download.content
    digest = hashlib.sha256(content)
    assert f"sha256:{digest.hexdigest()}" == package["checksum"]
    assert download.headers["Content-Type"] == "application/zip"
    assert download.headers["ETag"] == f'"sha256-{digest.hexdigest()}"'
    assert download.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        assert bundle.testzip() is None
        manifest = json.loads(bundle.read("manifest.json"))
        assert manifest == package["manifest"]
        assert bundle.namelist() == ["manifest.json", *(entry["path"] for entry in manifest["artifacts"])]
        for entry in manifest["artifacts"]:
            definition = bundle.read(entry["path"])
            assert len(definition) == entry["size"]
            assert hashlib.sha256(definition).hexdigest() == entry["sha256"]
