"""GET /packages/{packageId}/sbom: a CycloneDX document of what is in the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from installhub.contract.sbom_models import BillOfMaterials
from tests.integration.support.api import Api

if TYPE_CHECKING:
    from tests.integration.support.world import World

MEDIA_TYPE: Final = "application/vnd.cyclonedx+json; version=1.6"


@pytest.fixture
def package(api: Api) -> str:
    return api.export().package().package_id


def test_it_is_valid_and_matches_the_manifest(api: Api, package: str) -> None:
    response = api.get_sbom(package)
    manifest = api.get_package(package).package().manifest
    bill = BillOfMaterials.model_validate_json(response.body)

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(response.body.decode()) is None
    assert (response.status, response.headers["Content-Type"]) == (200, MEDIA_TYPE)
    file = "employee-onboarding-suite-2.1.0.cdx.json"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{file}"'
    digests = {component.name: (component.hashes or [])[0].content for component in bill.components}
    assert digests == {artifact.name: artifact.sha256 for artifact in manifest.artifacts}
    assert bill.metadata.component.bom_ref == package


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html", "application/vnd.cyclonedx+json"])
def test_it_is_the_same_at_every_request(api: Api, package: str, accept: str) -> None:
    first, again = api.get_sbom(package), api.get_sbom(package, headers={"Accept": accept})

    assert again.body == first.body
    assert again.headers == first.headers


def test_a_known_document_is_not_sent_again_and_its_bundle_is_not_read(
    sample_world: World, api: Api, package: str
) -> None:
    first = api.get_sbom(package)
    for stored in sample_world.s3.list_objects_v2(Bucket=sample_world.name("BundleBucket"))["Contents"]:
        sample_world.s3.delete_object(Bucket=sample_world.name("BundleBucket"), Key=stored["Key"])

    again = api.get_sbom(package, headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"


def test_it_changes_with_the_package_and_the_version_of_the_software(
    api: Api, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = api.get_sbom(package)
    monkeypatch.setattr("installhub.http.sbom_responses.HUB_VERSION", "99.0.0")

    after = api.get_sbom(package, headers={"If-None-Match": before.headers["ETag"]})

    assert after.status == 200
    assert after.headers["ETag"] != before.headers["ETag"]
