"""Every route, every caller, the tenant named in every way; and what one tenant can tell of another's things."""

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
from tests.system.client import OTHER_TENANT, TENANT, Api, artifact, export_body
from tests.system.test_refusals import UNKNOWN_PACKAGE, problem

if TYPE_CHECKING:
    import requests

NOBODY = "tenant-of-nobody"
CALLERS = {
    "own": [TENANT],
    "other": [OTHER_TENANT],
    "none": [],
    "many": [TENANT, OTHER_TENANT],
}
NAMES = [None, TENANT, OTHER_TENANT, NOBODY]
POSTS = ["preview", "export"]
GETS = ["get", "download"]
# Ids and times of the one answer, which say nothing of the package.
VARYING = {"date", "x-amzn-requestid", "x-amz-request-id", "x-amzn-trace-id", "x-amz-id-2", "x-amz-apigw-id"}


@dataclass(frozen=True)
class Cell:
    """One request of the matrix; what it asks for is the first tenant's.

    Attributes:
        route: One of the four.
        caller: Whose token.
        header: The tenant that the header names.
        body: The tenant that the body names.
    """

    route: str
    caller: str
    header: str | None
    body: str | None = None

    def __str__(self) -> str:
        return f"{self.route}, token of {self.caller}, header {self.header}, body {self.body}"


def cells() -> Iterator[Cell]:
    yield from (Cell(*cell) for cell in product(POSTS, CALLERS, NAMES, NAMES))
    yield from (Cell(*cell) for cell in product(GETS, CALLERS, NAMES))


def contract(cell: Cell) -> tuple[int, str | None]:
    """Status and code that the contract has for a cell, read from it and not from the code."""
    tenants, named = CALLERS[cell.caller], {cell.header, cell.body} - {None}
    if cell.route in POSTS and not named:
        return 400, "InvalidRequest"
    if len(named) > 1 or not named <= set(tenants):
        return 403, "TenantMismatch"
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
    if cell.route == "preview":
        return api.preview({**tenant, "artifactIds": ["proc-1001"]}, token=token, headers=headers)
    if cell.route == "export":
        body = export_body(f"Isolated {number}")
        del body["tenantId"]
        return api.export({**body, **tenant}, token=token, headers=headers)
    suffix = "/download" if cell.route == "download" else ""
    return api.call("GET", f"/{package_id}{suffix}", token=token, headers=headers)


def test_every_cell_of_the_matrix_follows_the_contract(api: Api, package: str, record: Record) -> None:
    tokens = {caller: api.token(*tenants) for caller, tenants in CALLERS.items()}
    statuses: Counter[int] = Counter()
    for number, cell in enumerate(cells()):
        answer = send(api, cell, tokens[cell.caller], package, number)
        status, code = contract(cell)
        assert answer.status_code == status, f"{cell}: {answer.status_code} {answer.text}"
        if code is not None:
            body = problem(answer, ErrorCode(code))
            assert {error["errorCode"] for error in body["errors"]} == {code}, str(cell)
        statuses[status] += 1

    assert set(statuses) == {200, 400, 403, 404}
    record(
        "isolation",
        "Routes x callers x tenant named in header and body",
        f"{statuses.total()} cells match the contract, none differ",
        ", ".join(f"{count} of {status}" for status, count in sorted(statuses.items())),
    )


def essence(answer: requests.Response) -> tuple[int, bytes, dict[str, str]]:
    """All of an answer but the ids and the time of the one request."""
    body = re.sub(rb"urn:uuid:[0-9a-f-]{36}", b"urn:uuid:", answer.content)
    headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in VARYING}
    return answer.status_code, body, headers


def failed_request(api: Api) -> str:
    """An accepted export of the first tenant that came to nothing: its package id."""
    accepted = api.export(export_body("Isolated and failed", "proc-1020"), headers={"Prefer": "respond-async"})
    assert accepted.status_code == 202, accepted.text
    package_id: str = accepted.json()["packageId"]
    until = time.monotonic() + 60
    while api.get(package_id).json()["status"] != "failed":
        assert time.monotonic() < until
        time.sleep(0.2)
    return package_id


@pytest.mark.parametrize("headers", [{}, {"X-Tenant-Id": OTHER_TENANT}, {"If-None-Match": "*"}])
def test_anothers_package_and_none_at_all_are_alike_byte_by_byte(
    api: Api, package: str, headers: dict[str, str]
) -> None:
    token = api.token(OTHER_TENANT)
    for suffix in ("", "/download"):
        unknown = api.call("GET", f"/{UNKNOWN_PACKAGE}{suffix}", token=token, headers=headers)
        problem(unknown, ErrorCode.PACKAGE_NOT_FOUND)
        foreign = api.call("GET", f"/{package}{suffix}", token=token, headers=headers)
        assert essence(foreign) == essence(unknown)
        own = api.call("GET", f"/{package}{suffix}", headers={**headers, "X-Tenant-Id": TENANT})
        assert essence(own) != essence(unknown), "the comparison can fail"


def test_anothers_failed_request_and_none_at_all_are_alike_byte_by_byte(api: Api, record: Record) -> None:
    foreign = failed_request(api)
    token = api.token(OTHER_TENANT)
    for suffix in ("", "/download"):
        answers = [api.call("GET", f"/{name}{suffix}", token=token) for name in (foreign, UNKNOWN_PACKAGE)]
        assert essence(answers[0]) == essence(answers[1])
    record(
        "isolation",
        "Another tenant's package, its failed request, and none at all",
        "8 pairs of answers byte-identical",
        "GET and download; headers too; except request id and date",
    )


def test_a_dependency_in_another_tenant_is_as_missing_as_one_that_is_nowhere(api: Api, record: Record) -> None:
    """Of a root the contract says 403, and no more; of a dependency it says nothing at all."""
    api.publish(
        [
            artifact("only-elsewhere", tenantId=OTHER_TENANT, name="Secret of another"),
            artifact("root-elsewhere", "only-elsewhere"),
            artifact("root-nowhereat", "only-nowhereat"),
        ]
    )
    token = api.token("tenant-of-tests")

    def answers(root: str) -> list[tuple[int, bytes, dict[str, str]]]:
        body: dict[str, Any] = {"tenantId": "tenant-of-tests", "artifactIds": [root]}
        export = export_body("Dependency", root, tenantId="tenant-of-tests")
        found = [api.preview(body, token=token), api.export(export, token=token)]
        assert [answer.status_code for answer in found] == [200, 400]
        return [
            (status, content.replace(b"elsewhere", b"nowhereat"), headers)
            for status, content, headers in map(essence, found)
        ]

    assert answers("root-elsewhere") == answers("root-nowhereat")
    root = api.preview({"tenantId": "tenant-of-tests", "artifactIds": ["only-elsewhere"]}, token=token)
    (error,) = problem(root, ErrorCode.TENANT_MISMATCH)["errors"]
    assert error == {
        "errorCode": "TenantMismatch",
        "detail": "Artifact 'only-elsewhere' belongs to a different tenant.",
        "artifactId": "only-elsewhere",
    }
    record(
        "isolation",
        "A dependency that exists only in another tenant, and one that does not exist",
        "2 pairs of answers byte-identical",
        "preview and export",
    )


def test_names_versions_and_keys_are_each_tenants_own(api: Api, record: Record) -> None:
    headers = {"Idempotency-Key": "the-same-for-both"}
    first = api.export(export_body("Same name"), headers=headers)
    body = export_body("Same name", "proc-1501", tenantId=OTHER_TENANT)
    second = api.export(body, token=api.token(OTHER_TENANT), headers=headers)

    assert (first.status_code, second.status_code) == (200, 200), second.text
    assert first.json()["packageId"] != second.json()["packageId"]
    record("isolation", "The same name, version and idempotency key in two tenants", "two packages, no conflict")
