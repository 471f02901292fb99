"""An exported package from the client's view: the export response, later requests and the bundle."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests

from tests.integration.support.api import EXPORT_BODY, Api
from tests.integration.support.artifact_inputs import TENANT
from tests.integration.support.bundles import checksum_of, definitions_of
from tests.integration.support.functions import Functions

if TYPE_CHECKING:
    from installhub.contract.response_models import PackageResponse
    from tests.integration.support.world import World

ROOTS = [
    (["proc-1001"], "workflow-package", 5),
    (["app-5001"], "app-package", 33),
    (["proc-1004"], "workflow-package", 22),
    (["agent-6001"], "agent-package", 16),
    (["form-2012"], "form-package", 3),
    (["form-2005"], "form-package", 2),
    (["rule-301"], "config-package", 4),
    (["thread-2002"], "workflow-package", 1),
    (["app-5003"], "app-package", 11),
    (["proc-1001", "form-2005", "proc-1001"], "workflow-package", 5),
]


def export(api: Api, **changes: Any) -> PackageResponse:  # noqa: ANN401  # any JSON value
    return api.export({**EXPORT_BODY, **changes}).package()


@pytest.fixture
def link_api(sample_world: World) -> Api:
    """An API that returns links because bundles exceed the inline limit."""
    return Api(Functions(replace(sample_world.deployment, parameters={"MaxInlineBundleBytes": "100"})))


@pytest.mark.parametrize(("roots", "package_type", "count"), ROOTS)
def test_a_package_is_the_same_in_every_response(api: Api, roots: list[str], package_type: str, count: int) -> None:
    response = api.export({**EXPORT_BODY, "artifactIds": roots, "packageType": package_type})
    package = response.package()

    assert package.artifact_count == count == len(package.manifest.artifacts)
    assert package.manifest.install_order == [artifact.id for artifact in package.manifest.artifacts]
    assert package.bundle_download_url == f"/api/installhub/packages/{package.package_id}/download"
    assert api.get_package(package.package_id).body == response.body

    download = api.download(package.package_id)
    assert (download.status, download.headers["Content-Type"]) == (200, "application/zip")
    assert checksum_of(download.body) == package.checksum
    assert list(definitions_of(download.body)) == package.manifest.install_order
    with zipfile.ZipFile(io.BytesIO(download.body)) as bundle:
        assert json.loads(bundle.read("manifest.json")) == response.json["manifest"]


def test_the_example_of_the_api_document(api: Api) -> None:
    response = api.export()

    assert list(response.json) == [
        *("packageId", "packageName", "version", "checksum", "artifactCount", "bundleDownloadUrl", "exportedAt"),
        *("isSuccess", "manifest"),
    ]
    package = response.package()
    assert (package.package_name, package.version) == ("Employee Onboarding Suite", "2.1.0")
    assert package.artifact_count == 5
    assert package.manifest.install_order == ["ent-44", "rule-305", "form-2005", "thread-2002", "proc-1001"]
    assert package.manifest.root_artifacts == ["proc-1001"]
    assert package.manifest.tags == ["hr", "onboarding"]


def test_optional_fields_of_a_package_are_empty(api: Api) -> None:
    optional = ("description", "author", "tags")
    package = api.export({name: value for name, value in EXPORT_BODY.items() if name not in optional}).package()

    assert (package.manifest.description, package.manifest.author, package.manifest.tags) == (None, None, [])
    assert api.get_package(package.package_id).package() == package


def test_a_download_carries_its_name_and_its_digest(api: Api) -> None:
    package = export(api)
    download = api.download(package.package_id)

    digest = base64.b64encode(hashlib.sha256(download.body).digest()).decode()
    assert download.headers["Content-Disposition"] == 'attachment; filename="employee-onboarding-suite-2.1.0.zip"'
    assert download.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert download.headers["ETag"].strip('"')
    assert download.headers["Cache-Control"].startswith("private")


def test_a_non_ascii_name_is_kept(api: Api) -> None:
    package = export(api, packageName="Standortportal Köln, 入社と勤怠", version="1.0.0-rc.1")
    disposition = api.download(package.package_id).headers["Content-Disposition"]

    assert disposition.isascii()
    plain, encoded = disposition.split("; filename*=UTF-8''")
    assert plain == 'attachment; filename="standortportal-koln-1.0.0-rc.1.zip"'
    assert unquote(encoded) == "Standortportal Köln, 入社と勤怠-1.0.0-rc.1.zip"


def test_a_client_that_has_the_bundle_gets_a_304(api: Api) -> None:
    package = export(api)
    etag = api.download(package.package_id).headers["ETag"]

    for matching in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = api.download(package.package_id, headers={"If-None-Match": matching})
        assert (response.status, response.body, response.headers["ETag"]) == (304, b"", etag)
    for other in ('"other"', f'"{package.checksum}x"'):
        assert api.download(package.package_id, headers={"If-None-Match": other}).status == 200


def test_a_large_bundle_is_a_link_to_the_same_bytes(link_api: Api, sample_world: World) -> None:
    package = export(link_api, packageName="Büro")
    inline = Api(Functions(sample_world.deployment)).download(package.package_id)

    response = link_api.download(package.package_id)

    assert (response.status, response.body) == (307, b"")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["ETag"] == inline.headers["ETag"]
    followed = requests.get(response.headers["Location"], timeout=10)
    assert followed.content == inline.body
    assert followed.headers["Content-Disposition"] == inline.headers["Content-Disposition"]
    assert followed.headers["Content-Type"] == "application/zip"


def test_the_link_is_valid_for_five_minutes_and_one_object(link_api: Api, sample_world: World) -> None:
    package = export(link_api)
    link = urlsplit(link_api.download(package.package_id).headers["Location"])
    query = parse_qs(link.query)

    assert link.scheme == "https"
    assert 0 < int(query["X-Amz-Expires"][0]) <= 300
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    (key,) = sample_world.objects()
    assert unquote(link.path).endswith(f"/{key}")


def test_a_client_that_has_a_large_bundle_gets_a_304(link_api: Api) -> None:
    package = export(link_api)
    etag = link_api.download(package.package_id).headers["ETag"]

    assert link_api.download(package.package_id, headers={"If-None-Match": etag}).status == 304


def test_a_bundle_up_to_the_limit_is_returned_inline(sample_world: World) -> None:
    package = export(Api(Functions(sample_world.deployment)))
    size = len(Api(Functions(sample_world.deployment)).download(package.package_id).body)

    for limit, status in ((size, 200), (size - 1, 307)):
        parameters = {"MaxInlineBundleBytes": str(limit)}
        api = Api(Functions(replace(sample_world.deployment, parameters=parameters)))
        assert api.download(package.package_id).status == status


def test_unusual_ids_have_entry_names_that_every_system_accepts(api: Api) -> None:
    package = export(api, artifactIds=["app-5003"], packageType="app-package")

    paths = [artifact.path for artifact in package.manifest.artifacts]
    assert len({path.casefold() for path in paths}) == len(paths) == 11
    for path in paths:
        assert path.isascii()
        assert ".." not in path.split("/")
        assert all(0 < len(part) <= 255 for part in path.split("/"))
        assert path.count("/") == 2


def test_requester_and_time_are_not_in_the_bundle(api: Api) -> None:
    package = export(api)
    content = api.download(package.package_id).body

    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        manifest = bundle.read("manifest.json").decode()
    assert package.exported_at not in manifest
    assert "hr-automation" not in manifest
    assert TENANT not in manifest
