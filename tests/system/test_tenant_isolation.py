"""Tenant isolation: every route with every caller and tenant, and what a caller can learn about other tenants."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from installhub.model.errors import ErrorCode
from tests.conftest import Record
from tests.system.client import ALL_SCOPES, OTHER_TENANT, TENANT, TOO_MANY_REQUESTS, Api, artifact, export_body
from tests.system.test_error_responses import UNKNOWN_PACKAGE, assert_problem

if TYPE_CHECKING:
    import requests

UNKNOWN_TENANT = "tenant-of-nobody"
CALLERS = {
    "own": [TENANT],
    "other": [OTHER_TENANT],
    "none": [],
    "many": [TENANT, OTHER_TENANT],
}
TENANTS = [None, TENANT, OTHER_TENANT, UNKNOWN_TENANT]
POSTS = ["preview", "export"]
GETS = ["get", "download", "graph", "diff", "sbom", "attestation", "patch"]
LISTS = ["packages", "versions"]
ARTIFACT_WRITES = ["put", "batch"]
ARTIFACT_READS = ["get artifact", "list", "definition", "dependents", "delete"]
ISOLATED = "proc-1001"
"""An artifact that only the first tenant has."""

STATUSES = {"put": 201, "delete": 204}
# Headers with ids and times of a response, which are unrelated to the package.
VARYING = {"date", "x-amzn-requestid", "x-amz-request-id", "x-amzn-trace-id", "x-amz-id-2", "x-amz-apigw-id"}


@dataclass(frozen=True)
class Cell:
    """One request of the matrix, for a package or artifact of the first tenant.

    Attributes:
        route: One of the routes.
        caller: The caller, a key of CALLERS.
        header: The tenant in the header X-Tenant-Id.
        body: The tenant in the body.
    """

    route: str
    caller: str
    header: str | None
    body: str | None = None

    def __str__(self) -> str:
        return f"{self.route}, token of {self.caller}, header {self.header}, body {self.body}"


def cells() -> Iterator[Cell]:
    yield from (Cell(*cell) for cell in product(POSTS, CALLERS, TENANTS, TENANTS))
    yield from (Cell(*cell) for cell in product(GETS, CALLERS, TENANTS))
    yield from (Cell(*cell) for cell in product(LISTS, CALLERS, TENANTS))
    yield from (Cell(*cell) for cell in product(ARTIFACT_WRITES, CALLERS, TENANTS, TENANTS))
    yield from (Cell(*cell) for cell in product(ARTIFACT_READS, CALLERS, TENANTS))


def is_list_of_all(cell: Cell) -> bool:
    """Return whether the request lists the packages of several tenants together."""
    return cell.route == "packages" and len(CALLERS[cell.caller]) > 1


def expected(cell: Cell) -> tuple[int, str | None]:  # noqa: PLR0911  # the rules of the contract, in order
    """Return the status and error code that the contract specifies for a cell, derived independently of the product."""
    tenants, named = CALLERS[cell.caller], {cell.header, cell.body} - {None}
    if cell.route in (*POSTS, *ARTIFACT_WRITES) and not named:
        return 400, "InvalidRequest"
    if len(named) > 1 or not named <= set(tenants):
        return 403, "TenantMismatch"
    if cell.route in (*ARTIFACT_READS, *LISTS) and not named and len(tenants) != 1 and not is_list_of_all(cell):
        return (400, "InvalidRequest") if tenants else (403, "TenantMismatch")
    if cell.route in LISTS:
        return 200, None
    if cell.route in (*ARTIFACT_WRITES, *ARTIFACT_READS):
        is_there = TENANT in (named or tenants) or cell.route in (*ARTIFACT_WRITES, "list")
        return (STATUSES.get(cell.route, 200), None) if is_there else (404, "ArtifactNotFound")
    if cell.route in POSTS:  # the artifact exists only in the first tenant
        return (200, None) if named == {TENANT} else (403, "TenantMismatch")
    return (200, None) if TENANT in (named or tenants) else (404, "PackageNotFound")


@pytest.fixture(scope="module")
def package(api: Api) -> str:
    """A package of the first tenant."""
    package_id: str = api.export(export_body("Isolated")).json()["packageId"]
    return package_id


def send(api: Api, cell: Cell, token: str, package_id: str, number: int) -> requests.Response:
    headers = {"X-Tenant-Id": cell.header} if cell.header else {}
    tenant = {"tenantId": cell.body} if cell.body else {}
    if cell.route in (*ARTIFACT_WRITES, *ARTIFACT_READS):
        return send_for_artifact(api, cell, token, headers, f"isolated-{number}")
    if cell.route == "preview":
        return api.preview({**tenant, "artifactIds": ["proc-1001"]}, token=token, headers=headers)
    if cell.route == "export":
        body = export_body(f"Isolated {number}")
        del body["tenantId"]
        return api.export({**body, **tenant}, token=token, headers=headers)
    if cell.route == "patch":
        return api.call("PATCH", f"/{package_id}", {"reason": None}, token=token, headers=headers)
    if cell.route in LISTS:
        path = {"packages": "", "versions": "/versions?name=Isolated"}[cell.route]
        return checked_list(api.call("GET", path, token=token, headers=headers), cell)
    suffix = {"get": "", "diff": f"/diff?from={package_id}"}.get(cell.route, f"/{cell.route}")
    return api.call("GET", f"/{package_id}{suffix}", token=token, headers=headers)


def checked_list(response: requests.Response, cell: Cell) -> requests.Response:
    """Check that a list contains packages of the expected tenants only."""
    expected_tenants = {cell.header} if cell.header else set(CALLERS[cell.caller])
    for packages in (response.json().get("packages", ()), response.json().get("versions", ())):
        assert {package["tenantId"] for package in packages} <= expected_tenants, cell
    return response


def send_with_retry(api: Api, cell: Cell, token: str, package_id: str, number: int) -> requests.Response:
    """Send a request; while throttled, wait as long as Retry-After says and send it again."""
    while (response := send(api, cell, token, package_id, number)).status_code == TOO_MANY_REQUESTS:
        time.sleep(int(response.headers["Retry-After"]))
    return response


def send_for_artifact(api: Api, cell: Cell, token: str, headers: dict[str, str], artifact_id: str) -> requests.Response:
    """Send a request for an artifact; all but those that write it are for one of the first tenant."""
    fields = {**artifact(artifact_id), "tenantId": cell.body, "artifactId": None}
    fields = {name: value for name, value in fields.items() if value is not None}
    options: dict[str, Any] = {"token": token, "headers": headers}
    if cell.route == "put":
        return api.artifacts("PUT", artifact_id, fields, **options)
    if cell.route == "batch":
        tenant = {"tenantId": fields.pop("tenantId")} if cell.body else {}
        batch = {**tenant, "artifacts": [{**fields, "artifactId": artifact_id}]}
        return api.artifacts("POST", None, batch, suffix="/batch", **options)
    if cell.route == "list":
        return api.artifacts("GET", **options)
    if cell.route == "delete":
        api.publish([artifact(artifact_id, tenantId=TENANT)])
        return api.artifacts("DELETE", artifact_id, **options)
    return api.artifacts("GET", ISOLATED, suffix={"get artifact": ""}.get(cell.route, f"/{cell.route}"), **options)


def test_every_cell_of_the_matrix_follows_the_contract(api: Api, package: str, record: Record) -> None:
    tokens = {caller: api.token(*tenants, scope=ALL_SCOPES) for caller, tenants in CALLERS.items()}
    statuses: Counter[int] = Counter()
    for number, cell in enumerate(cells()):
        response = send_with_retry(api, cell, tokens[cell.caller], package, number)
        status, code = expected(cell)
        assert response.status_code == status, f"{cell}: {response.status_code} {response.text}"
        if code is not None:
            body = response.json() if status == 404 else assert_problem(response, ErrorCode(code))
            assert {error["errorCode"] for error in body["errors"]} == {code}, str(cell)
        statuses[status] += 1

    assert set(statuses) == {200, 201, 204, 400, 403, 404}
    record(
        "isolation",
        "Routes x callers x tenant named in header and body",
        f"{statuses.total()} cells match the contract, none differ",
        ", ".join(f"{count} of {status}" for status, count in sorted(statuses.items())),
    )


def comparable(response: requests.Response) -> tuple[int, bytes, dict[str, str]]:
    """Return the status, body and headers of a response without request ids and times."""
    body = re.sub(rb"urn:uuid:[0-9a-f-]{36}", b"urn:uuid:", response.content)
    headers = {name.lower(): value for name, value in response.headers.items() if name.lower() not in VARYING}
    return response.status_code, body, headers


def test_another_tenants_artifact_and_an_unknown_one_get_identical_responses(api: Api, record: Record) -> None:
    token = api.token(OTHER_TENANT, scope=ALL_SCOPES)
    routes = [("GET", ""), ("GET", "/definition"), ("GET", "/dependents"), ("GET", "/dependents?transitive=true")]
    for method, suffix in (*routes, ("DELETE", ""), ("HEAD", "")):
        for headers in ({}, {"If-Match": "*"}, {"If-None-Match": "*"}):
            foreign, unknown = (
                comparable(api.artifacts(method, name, suffix=suffix, token=token, headers=headers))
                for name in (ISOLATED, "proc-9999")
            )
            assert foreign == unknown
            assert foreign[0] == 404
    own = api.artifacts("GET", ISOLATED)
    assert own.status_code == 200, "control: the artifact exists"
    record(
        "isolation",
        "Another tenant's artifact, and none at all",
        "18 pairs of answers byte-identical",
        "every route with an id, with and without conditions; headers too; except request id and date",
    )


def failed_request(api: Api) -> str:
    """Let an asynchronous export of the first tenant fail, and return its package id."""
    accepted = api.export(export_body("Isolated and failed", "proc-1020"), headers={"Prefer": "respond-async"})
    assert accepted.status_code == 202, accepted.text
    package_id: str = accepted.json()["packageId"]
    deadline = time.monotonic() + 60
    while api.get(package_id).json()["status"] != "failed":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return package_id


@pytest.mark.parametrize("headers", [{}, {"X-Tenant-Id": OTHER_TENANT}, {"If-None-Match": "*"}])
def test_another_tenants_package_and_an_unknown_id_get_identical_responses(
    api: Api, package: str, headers: dict[str, str]
) -> None:
    token = api.token(OTHER_TENANT)
    for suffix in ("", "/download", "/sbom", f"/diff?from={package}", f"/diff?from={UNKNOWN_PACKAGE}"):
        unknown = api.call("GET", f"/{UNKNOWN_PACKAGE}{suffix}", token=token, headers=headers)
        assert_problem(unknown, ErrorCode.PACKAGE_NOT_FOUND)
        foreign = api.call("GET", f"/{package}{suffix}", token=token, headers=headers)
        assert comparable(foreign) == comparable(unknown)
        own = api.call("GET", f"/{package}{suffix}", headers={**headers, "X-Tenant-Id": TENANT})
        is_unknown = UNKNOWN_PACKAGE in suffix
        assert (comparable(own) == comparable(unknown)) is is_unknown, "control: the comparison can fail"


def test_another_tenants_failed_export_and_an_unknown_id_get_identical_responses(api: Api, record: Record) -> None:
    foreign = failed_request(api)
    token = api.token(OTHER_TENANT)
    for suffix in ("", "/download"):
        responses = [api.call("GET", f"/{name}{suffix}", token=token) for name in (foreign, UNKNOWN_PACKAGE)]
        assert comparable(responses[0]) == comparable(responses[1])
    record(
        "isolation",
        "Another tenant's package, its failed request, and none at all",
        "8 pairs of answers byte-identical",
        "GET and download; headers too; except request id and date",
    )


def test_a_dependency_in_another_tenant_is_indistinguishable_from_a_missing_one(api: Api, record: Record) -> None:
    """The contract specifies a 403 for roots only; it discloses nothing about dependencies."""
    definition = {"reference": "only-elsewhere-1"}
    api.publish([artifact("root-elsewhere", "only-elsewhere", definition=definition)])
    token = api.token("tenant-of-tests")

    def responses() -> list[tuple[int, bytes, dict[str, str]]]:
        body: dict[str, Any] = {"tenantId": "tenant-of-tests", "artifactIds": ["root-elsewhere"]}
        export = export_body("Dependency", tenantId="tenant-of-tests", artifactIds=["root-elsewhere"])
        checked = [api.preview({**body, "checkReferences": check}, token=token) for check in (False, True)]
        bound = {"If-Match": checked[0].headers["ETag"]}
        refused = [api.export(export, token=token, headers=headers) for headers in ({}, bound)]
        assert [response.status_code for response in (*checked, *refused)] == [200, 200, 400, 400]
        return list(map(comparable, (*checked, *refused)))

    before = responses()
    elsewhere = [
        artifact(name, tenantId=OTHER_TENANT, name="Secret") for name in ("only-elsewhere", "only-elsewhere-1")
    ]
    api.publish(elsewhere)
    assert responses() == before
    root = api.preview({"tenantId": "tenant-of-tests", "artifactIds": ["only-elsewhere"]}, token=token)
    (error,) = assert_problem(root, ErrorCode.TENANT_MISMATCH)["errors"]
    assert error == {
        "errorCode": "TenantMismatch",
        "detail": "Artifact 'only-elsewhere' belongs to a different tenant.",
        "artifactId": "only-elsewhere",
    }
    record(
        "isolation",
        "A dependency that exists only in another tenant, and one that does not exist",
        "4 pairs of answers byte-identical",
        "preview and export, with references checked and with If-Match; headers too",
    )


def test_names_versions_and_idempotency_keys_are_per_tenant(api: Api, record: Record) -> None:
    headers = {"Idempotency-Key": "the-same-for-both"}
    first = api.export(export_body("Same name"), headers=headers)
    body = export_body("Same name", "proc-1501", tenantId=OTHER_TENANT)
    second = api.export(body, token=api.token(OTHER_TENANT), headers=headers)

    assert (first.status_code, second.status_code) == (200, 200), second.text
    assert first.json()["packageId"] != second.json()["packageId"]
    record("isolation", "The same name, version and idempotency key in two tenants", "two packages, no conflict")
