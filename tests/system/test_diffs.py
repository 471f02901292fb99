"""Comparisons of packages, bound previews and the version policy over HTTP."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import pytest

from installhub.contract.diff_models import PackageDiff
from tests.system.bus import wait_for
from tests.system.client import OTHER_TENANT, TENANT, Api, artifact, export_body

if TYPE_CHECKING:
    import requests

FIELDS: Final = [{"name": "id", "type": "string", "required": True}]
UNKNOWN: Final = "pkg-00000000-0000-5000-8000-000000000000"


class Suite:
    """A package of a schema and a process, whose versions differ."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.own = uuid.uuid4().hex
        self.name = f"Compared {self.own}"

    def publish(self, fields: list[dict[str, Any]]) -> None:
        schema = artifact(f"ent-{self.own}", tenantId=TENANT, type="EntitySchema", definition={"fields": fields})
        process = artifact(f"proc-{self.own}", f"ent-{self.own}", tenantId=TENANT)
        self.api.publish([schema, process])

    def export(self, version: str, **fields: Any) -> requests.Response:  # noqa: ANN401  # fields of any type
        return self.api.export(export_body(self.name, f"proc-{self.own}", version=version, **fields))

    def release(self, version: str) -> str:
        response = self.export(version)
        assert response.status_code == 200, response.text
        package_id = str(response.json()["packageId"])
        path = f"/versions?name={self.name.replace(' ', '%20')}"

        def is_listed() -> bool | None:
            versions = self.api.call("GET", path).json()["versions"]
            return any(one["version"] == version for one in versions) or None

        wait_for(is_listed)
        return package_id


@pytest.fixture(scope="module")
def suite(api: Api) -> Suite:
    suite = Suite(api)
    suite.publish(FIELDS)
    suite.release("1.0.0")
    suite.publish([*FIELDS, {"name": "phone", "type": "string"}])
    return suite


def test_a_package_is_compared_with_the_version_before(api: Api, suite: Suite) -> None:
    package = suite.release("1.1.0")

    response = api.call("GET", f"/{package}/diff")

    assert response.status_code == 200, response.text
    found = PackageDiff.model_validate_json(response.content)
    assert (found.from_.version, found.to.version, found.suggested_bump) == ("1.0.0", "1.1.0", "minor")
    (changed,) = found.changed
    assert [(place.op, place.pointer) for place in changed.changes] == [("add", "/fields/1")]
    assert (found.reasons[0].rule, found.reasons[0].pointer) == ("OptionalFieldAdded", "/fields/1")
    head = api.call("HEAD", f"/{package}/diff")
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", response.headers["ETag"])
    same = api.call("GET", f"/{package}/diff", headers={"If-None-Match": head.headers["ETag"]})
    assert same.status_code == 304
    notes = api.call("GET", f"/{package}/diff", headers={"Accept": "text/markdown"})
    assert notes.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert notes.text == api.call("GET", f"/{package}/diff?format=markdown").text
    assert "`/fields/1`" in notes.text


def test_foreign_and_unknown_packages_cannot_be_compared(api: Api, suite: Suite) -> None:
    package = api.export(export_body(f"Alone {suite.own}")).json()["packageId"]
    theirs = api.export(
        export_body(f"Theirs {suite.own}", "proc-1501", tenantId=OTHER_TENANT), token=api.token(OTHER_TENANT)
    ).json()["packageId"]

    answers = [api.call("GET", f"/{package}/diff?from={one}") for one in (theirs, UNKNOWN, "x")]
    answers += [api.call("GET", f"/{one}/diff?from={package}") for one in (theirs, UNKNOWN)]

    assert {answer.status_code for answer in answers} == {404}
    assert len({str({**answer.json(), "instance": ""}) for answer in answers}) == 1
    alone = api.call("GET", f"/{package}/diff")
    assert (alone.status_code, alone.json()["errorCode"]) == (400, "InvalidRequest")
    itself = api.call("GET", f"/{package}/diff?from={package}").json()
    assert (itself["suggestedBump"], itself["changed"]) == ("none", [])


def test_a_version_that_is_too_low_is_refused_on_request(api: Api) -> None:
    suite = Suite(api)
    suite.publish(FIELDS)
    suite.release("1.0.0")
    suite.publish([])

    refused = suite.export("1.1.0", versionPolicy="enforce")

    assert (refused.status_code, refused.json()["errorCode"]) == (400, "VersionTooLow")
    assert refused.json()["errors"][0]["suggested"] == "2.0.0"
    assert suite.export("1.1.0").status_code == 200, "nothing was claimed, and advice has no effect"
    assert suite.export("2.0.0", versionPolicy="enforce").status_code == 200
