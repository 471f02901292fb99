"""Which packages contain an artifact, over HTTP: packages show up shortly after their export."""

from __future__ import annotations

import time
from typing import Any

from tests.system.client import ARTIFACTS, OTHER_TENANT, TENANT, Api, export_body

TIMEOUT_SECONDS = 60.0


def packages_of(api: Api, artifact_id: str, package_id: str) -> list[dict[str, Any]]:
    """Return the packages that contain an artifact as soon as ``package_id`` is one of them."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        response = api.packages_of(artifact_id)
        assert response.status_code == 200, response.text
        packages: list[dict[str, Any]] = response.json()["packages"]
        if any(package["packageId"] == package_id for package in packages):
            return packages
        assert time.monotonic() < deadline, f"{package_id} is not indexed"
        time.sleep(0.2)


def test_exported_packages_are_found_by_each_artifact_in_them(api: Api) -> None:
    exported = [api.export(export_body("Where used", version=version)).json() for version in ("1.0.0", "1.1.0")]

    for artifact in exported[0]["manifest"]["artifacts"]:
        for package in exported:
            found = packages_of(api, artifact["id"], package["packageId"])
            (entry,) = [one for one in found if one["packageId"] == package["packageId"]]
            assert entry["sha256"] == artifact["sha256"]
            assert (entry["packageName"], entry["version"]) == ("Where used", package["version"])
        assert found == sorted(found, key=lambda one: one["exportedAt"], reverse=True)


def test_a_list_is_read_in_pages_by_following_links(api: Api) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        package_id = api.export(export_body("In pages", version=version)).json()["packageId"]
        packages_of(api, "ent-44", package_id)
    everything = api.packages_of("ent-44").json()["packages"]

    found, path = [], "/ent-44/packages?limit=1"
    while path:
        response = api.call("GET", path, base=ARTIFACTS)
        found += response.json()["packages"]
        path = f"/ent-44/packages{response.links['next']['url']}" if "next" in response.links else ""

    assert found == everything
    assert len(found) >= 3


def test_another_tenant_sees_neither_the_artifact_nor_its_packages(api: Api) -> None:
    package_id = api.export(export_body("Not theirs")).json()["packageId"]
    packages_of(api, "proc-1001", package_id)
    theirs = api.token(OTHER_TENANT)

    foreign, unknown = (api.packages_of(name, token=theirs) for name in ("proc-1001", "nothing-of-this-name"))

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert {**foreign.json(), "instance": ""} == {**unknown.json(), "instance": ""}
    cursor = api.call("GET", "/proc-1001/packages?limit=1", base=ARTIFACTS).json()["nextCursor"]
    if cursor is not None:
        taken = api.call("GET", f"/proc-1001/packages?cursor={cursor}", base=ARTIFACTS, token=theirs)
        assert (taken.status_code, taken.json()["errorCode"]) == (400, "InvalidCursor")


def test_head_returns_the_headers_of_get(api: Api) -> None:
    token = api.token(TENANT)

    head = api.call("HEAD", "/ent-44/packages", base=ARTIFACTS, token=token)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == "application/json"
