"""Verifying what the stack exported, and its bill of materials, over HTTP."""

from __future__ import annotations

import io
from typing import Final

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from installhub.contract.sbom_models import BillOfMaterials
from installhub.verification.bundle import verify_bundle
from tests.system.client import OTHER_TENANT, Api, export_body

UNKNOWN: Final = "pkg-00000000-0000-5000-8000-000000000000"


@pytest.fixture(scope="module")
def package_id(api: Api) -> str:
    return str(api.export(export_body("Trusted")).json()["packageId"])


def test_a_downloaded_bundle_is_verified_offline(api: Api, package_id: str) -> None:
    described = api.call("GET", f"/{package_id}").json()
    bundle = api.call("GET", f"/{package_id}/download").content

    verified = verify_bundle(io.BytesIO(bundle))

    assert f"sha256:{verified.sha256}" == described["checksum"]
    assert verified.manifest.package_id == package_id
    assert list(verified.manifest.install_order) == described["manifest"]["installOrder"]


def test_the_bill_of_materials_is_valid_cyclonedx(api: Api, package_id: str) -> None:
    response = api.call("GET", f"/{package_id}/sbom")
    head = api.call("HEAD", f"/{package_id}/sbom")
    known = api.call("GET", f"/{package_id}/sbom", headers={"If-None-Match": head.headers["ETag"]})

    assert (response.status_code, head.status_code, known.status_code) == (200, 200, 304)
    assert response.headers["Content-Type"] == "application/vnd.cyclonedx+json; version=1.6"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(response.text) is None
    assert head.headers["ETag"] == response.headers["ETag"]
    assert (head.content, known.content) == (b"", b"")
    bill = BillOfMaterials.model_validate_json(response.content)
    manifest = api.call("GET", f"/{package_id}").json()["manifest"]
    assert [component.bom_ref for component in bill.components] == [
        f"artifact:{artifact_id}" for artifact_id in manifest["installOrder"]
    ]


def test_the_bill_of_another_tenants_package_is_that_of_none(api: Api, package_id: str) -> None:
    token = api.token(OTHER_TENANT)
    foreign, unknown = (api.call("GET", f"/{name}/sbom", token=token) for name in (package_id, UNKNOWN))

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.json()["errors"] == unknown.json()["errors"]
