"""Lists, versions and lifecycle of packages over HTTP."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.system.bus import wait_for
from tests.system.client import ALL_SCOPES, OTHER_TENANT, TENANT, Api, export_body

if TYPE_CHECKING:
    import requests

    from tests.system.bus import Bus

VERSIONS: Final = ("1.10.0", "1.9.0", "2.0.0-rc.1", "2.0.0-rc.10", "2.0.0+build.1")
IN_ORDER: Final = ["2.0.0+build.1", "2.0.0-rc.10", "2.0.0-rc.1", "1.10.0", "1.9.0"]


class Suite:
    """Versions of a package with a name of its own."""

    def __init__(self, api: Api, *versions: str) -> None:
        self.api = api
        self.name = f"Größe & Form {uuid.uuid4()}"
        self.token = api.token(TENANT, scope=ALL_SCOPES)
        self.ids = {version: self.export(version) for version in versions}
        wait_for(lambda: len(self.versions()["versions"]) == len(versions) or None)

    def export(self, version: str) -> str:
        body = export_body(self.name, version=version, tags=["größer", version])
        return str(self.api.export(body).json()["packageId"])

    def get(self, path: str = "", **query: str) -> requests.Response:
        return self.api.session.get(
            f"{self.api.stack.url}/api/installhub/packages{path}",
            params=query,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
        )

    def versions(self, **query: str) -> Any:  # noqa: ANN401  # a response body
        response = self.get("/versions", name=self.name, **query)
        assert response.status_code == 200, response.text
        return response.json()

    def listed(self, **query: str) -> set[str]:
        """The versions in the list, after checking that it is sorted."""
        response = self.get(name=self.name, **query)
        assert response.status_code == 200, response.text
        packages = response.json()["packages"]
        assert packages == sorted(packages, key=lambda package: package["exportedAt"], reverse=True)
        return {package["version"] for package in packages}

    def patch(self, version: str, patch: object, **headers: str) -> requests.Response:
        sent = {"Content-Type": "application/merge-patch+json", **headers}
        return self.api.call("PATCH", f"/{self.ids[version]}", patch, token=self.token, headers=sent)


@pytest.fixture(scope="module")
def suite(api: Api) -> Suite:
    return Suite(api, *VERSIONS)


def test_packages_are_listed_newest_first_and_filtered(suite: Suite) -> None:
    assert suite.listed() == set(VERSIONS)
    assert suite.listed(tag="größer") == set(VERSIONS)
    assert suite.listed(tag="1.9.0") == {"1.9.0"}
    assert suite.listed(packageType="app-package") == set()
    assert suite.listed(exportedBefore="2020-01-01") == set()
    assert suite.listed(exportedAfter="2020-01-01T00:00:00+02:00") == set(VERSIONS)
    prefix = suite.get(namePrefix=suite.name.upper()[:40], lifecycle="active").json()["packages"]
    assert {package["version"] for package in prefix} == set(VERSIONS)
    assert prefix[0]["bundleSize"] == len(suite.api.download(prefix[0]["packageId"]).content)


def test_lists_and_versions_are_read_in_pages_by_following_links(suite: Suite) -> None:
    for path, key in (("", "packages"), ("/versions", "versions")):
        expected = [package["version"] for package in suite.get(path, name=suite.name).json()[key]]
        found, response = [], suite.get(path, name=suite.name, limit="2")
        while True:
            found += [package["version"] for package in response.json()[key]]
            if "next" not in response.links:
                break
            response = suite.api.call("GET", f"{path}{response.links['next']['url']}", token=suite.token)
        assert found == expected
        assert len(found) == len(VERSIONS)


def test_versions_have_the_precedence_of_semver(suite: Suite) -> None:
    listed = suite.versions()

    assert [package["version"] for package in listed["versions"]] == IN_ORDER
    assert (listed["latest"], listed["latestPrerelease"]) == ("2.0.0+build.1", "2.0.0-rc.10")


def test_head_and_a_static_path_beside_a_parameter(suite: Suite) -> None:
    for path in ("", "/versions?name=Suite"):
        head = suite.api.call("HEAD", path, token=suite.token)
        assert (head.status_code, head.content) == (200, b"")
    assert suite.get("/versions").json()["errorCode"] == "InvalidRequest", "not a package with this id"


def test_another_tenant_lists_nothing_of_it(api: Api, suite: Suite) -> None:
    theirs = api.token(OTHER_TENANT, scope=ALL_SCOPES)
    cursor = suite.get(name=suite.name, limit="1").json()["nextCursor"]
    query = f"name={suite.name.replace('&', '%26')}"

    assert api.call("GET", f"?{query}", token=theirs).json()["packages"] == []
    assert api.call("GET", f"/versions?{query}", token=theirs).json()["versions"] == []
    stolen = api.call("GET", f"?{query}&cursor={cursor}", token=theirs)
    assert (stolen.status_code, stolen.json()["errorCode"]) == (400, "InvalidCursor")
    for package_id in (suite.ids["1.9.0"], "pkg-00000000-0000-5000-8000-000000000000"):
        refused = api.call("PATCH", f"/{package_id}", {"lifecycle": "active"}, token=theirs)
        assert (refused.status_code, refused.json()["errorCode"]) == (404, "PackageNotFound")


def test_a_package_is_retired_and_comes_back(api: Api, bus: Bus) -> None:
    suite = Suite(api, "1.0.0", "1.1.0")
    before = api.get(suite.ids["1.1.0"])
    reason = "Größere Fehler."

    yanked = suite.patch("1.1.0", {"lifecycle": "yanked", "reason": reason, "replacedBy": suite.ids["1.0.0"]})
    assert yanked.status_code == 200, yanked.text
    assert suite.listed() == {"1.0.0"}
    assert suite.listed(lifecycle="yanked") == {"1.1.0"}
    assert suite.versions()["latest"] == "1.0.0"
    assert api.download(suite.ids["1.1.0"]).content[:2] == b"PK"
    assert api.export(export_body(suite.name, version="1.1.0")).status_code == 409

    stale = suite.patch("1.1.0", {"lifecycle": "active"}, **{"If-Match": before.headers["ETag"]})
    assert (stale.status_code, stale.json()["errorCode"]) == (412, "PreconditionFailed")
    fresh = {"If-Match": yanked.headers["ETag"]}
    deprecated = suite.patch("1.1.0", {"lifecycle": "deprecated"}, **fresh)
    assert (deprecated.json()["reason"], deprecated.json()["replacedBy"]) == (reason, suite.ids["1.0.0"])
    for path in ("", "/download", "/graph", "/sbom"):
        response = api.call("GET", f"/{suite.ids['1.1.0']}{path}")
        assert response.headers["Deprecation"].startswith("@")
        assert response.headers["Deprecation-Reason"] == '%"Gr%c3%b6%c3%9fere Fehler."'
    assert suite.listed() == {"1.1.0", "1.0.0"}

    active = suite.patch("1.1.0", {"lifecycle": "active"})
    assert [one["lifecycle"] for one in active.json()["lifecycleHistory"]] == ["yanked", "deprecated", "active"]
    assert suite.versions()["latest"] == "1.1.0"
    assert {**api.get(suite.ids["1.1.0"]).json(), **before.json()} == api.get(suite.ids["1.1.0"]).json()

    def announced() -> list[dict[str, Any]] | None:
        bus.receive()
        found = [event for event in bus.received if event["type"] == "PackageLifecycleChanged"]
        own = [event["data"] for event in found if event["subject"] == suite.ids["1.1.0"]]
        return own if {data["revision"] for data in own} == {1, 2, 3} else None

    by_revision = {data["revision"]: data for data in wait_for(announced)}
    assert (by_revision[1]["previousLifecycle"], by_revision[1]["lifecycle"]) == ("active", "yanked")
    assert by_revision[2]["reason"] == reason


def test_only_the_scope_permits_it(api: Api, suite: Suite) -> None:
    for scope, status in (
        ("installhub:export installhub:publish", 403),
        ("installhub:manage", 200),
    ):
        token = api.token(TENANT, scope=scope)
        assert api.call("PATCH", f"/{suite.ids['1.9.0']}", {}, token=token).status_code == status


@pytest.mark.parametrize(
    "patch", [{"lifecycle": "deprecated"}, {"lifecycle": "gone"}, {"version": "9.9.9"}, [], "yanked", {"reason": 1}]
)
def test_a_bad_patch_is_refused(suite: Suite, patch: object) -> None:
    response = suite.patch("1.10.0", patch)

    assert (response.status_code, response.json()["errorCode"]) == (400, "InvalidRequest")
    assert "lifecycle" not in json.loads(suite.api.get(suite.ids["1.10.0"]).text)
