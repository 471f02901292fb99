"""`make erase` on a deployed stack: nothing of the tenant remains, and the audit finds nothing wrong."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from typing import Any

from operations import deployment
from operations.audit.stack import audit
from tests.system.client import Api, artifact, export_body

TENANT = "tenant-to-be-erased"
TABLES = ("ArtifactsTable", "PackagesTable", "PackageIndexTable", "RequestsTable", "PlansTable")
BUCKETS = ("BundleBucket", "DefinitionBucket", "InboxBucket")


def make_erase(api: Api, *settings: str) -> subprocess.CompletedProcess[str]:
    return api.make("erase", f"TENANT={TENANT}", *settings)


def contents(api: Api) -> Iterator[str]:
    found = deployment.local(api.state)
    for table in TABLES:
        for scanned in found.dynamodb.get_paginator("scan").paginate(TableName=found.outputs[table]):
            yield from map(str, scanned["Items"])
    for bucket in BUCKETS:
        for listed in found.s3.get_paginator("list_object_versions").paginate(Bucket=found.outputs[bucket]):
            yield from (version["Key"] for version in listed.get("Versions", []))
    for keys in found.apigateway.get_paginator("get_api_keys").paginate():
        yield from (key.get("description", "") for key in keys["items"])


def export(api: Api) -> dict[str, Any]:
    api.publish([artifact("proc-1", tenantId=TENANT)])
    body = export_body("To be erased", "proc-1", tenantId=TENANT)
    response = api.export(body, token=api.token(TENANT))
    assert response.status_code == 200, response.text
    exported: dict[str, Any] = response.json()
    return exported


def test_nothing_of_an_erased_tenant_remains(api: Api) -> None:
    package_id = export(api)["packageId"]
    deadline = time.monotonic() + 60
    while not any(text == f"tenant:{TENANT}" for text in contents(api)):  # its usage-plan key is created later
        assert time.monotonic() < deadline
        time.sleep(0.5)
    while not api.packages_of("proc-1", token=api.token(TENANT)).json()["packages"]:  # and it is indexed later
        assert time.monotonic() < deadline
        time.sleep(0.5)

    refused, erased = make_erase(api), make_erase(api, "YES=1")

    assert (refused.returncode, erased.returncode) == (2, 0), erased.stderr
    assert "Nothing was erased" in refused.stderr
    assert "usage-plan keys" in erased.stdout
    assert not [text for text in contents(api) if TENANT in text or package_id in text]
    found = deployment.local(api.state)
    report = audit(found.dynamodb, found.s3, found.kms, found.outputs)
    assert not [finding for finding in report.findings if package_id in finding.location]
    again = make_erase(api, "YES=1")
    assert (again.returncode, again.stdout) == (2, "")
    assert "nothing of the tenant" in again.stderr
