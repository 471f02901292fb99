"""Packages of other tenants are indistinguishable from unknown ones."""

from __future__ import annotations

from typing import Any, cast

import pytest

from installhub.contract.routes import DOWNLOAD, GET_PACKAGE, Route
from installhub.http.package_requests import package_id_parameter
from installhub.http.parsing import permitted_tenants
from installhub.http.request import Request
from installhub.http.response import Response
from installhub.http.responses import json_response
from installhub.packages.lookup import find_package
from installhub.packages.store import PackageStore
from tests.builders import TENANT, FakePackages, make_caller, record
from tests.unit.http.serving import problem_of, respond


def look_up(
    package_id: str,
    packages: FakePackages,
    route: Route = GET_PACKAGE,
    **request: Any,  # noqa: ANN401
) -> dict[str, Any]:
    def action(http_request: Request) -> Response:
        tenants = permitted_tenants(http_request)
        found = find_package(cast("PackageStore", packages), package_id_parameter(http_request), tenants)
        return json_response(http_request, {"name": found.description.name})

    request = {
        "method": "GET",
        "path": route.path.format(packageId=package_id),
        "parameters": {"packageId": package_id},
        **request,
    }
    return respond(action, **request)


def test_a_package_of_the_caller_s_tenant_is_found() -> None:
    stored = record(tenant=TENANT)

    assert look_up(stored.description.package_id, FakePackages(stored))["statusCode"] == 200


def test_an_unknown_package_and_another_tenant_s_are_alike_byte_for_byte() -> None:
    theirs = record(tenant="theirs")

    unknown = look_up("pkg-00000000-0000-5000-8000-000000000000", FakePackages(theirs))
    foreign = look_up(theirs.description.package_id, FakePackages(theirs))

    assert unknown == foreign
    assert problem_of(unknown)["errorCode"] == "PackageNotFound"


def test_the_tenant_header_limits_the_search() -> None:
    stored = record(tenant="a")

    def status(header: str) -> int:
        response = look_up(
            stored.description.package_id,
            FakePackages(stored),
            caller=make_caller("a", "b"),
            headers={"X-Tenant-Id": header},
        )
        return int(response["statusCode"])

    assert (status("a"), status("b"), status("c")) == (200, 404, 403)


@pytest.mark.parametrize(
    "package_id",
    ["x", "pkg-", "..", "pkg-A3F9C821-4B2E-59D1-BC44-F7E2A1C09D33", "a b", "ü", '"', "\\", "😀", "`", "\n", "a/b", "%"],
)
@pytest.mark.parametrize("route", [GET_PACKAGE, DOWNLOAD], ids=lambda route: route.operation)
def test_an_invalid_package_id_is_an_unknown_package(route: Route, package_id: str) -> None:
    packages = FakePackages(record())

    response = look_up(package_id, packages, route)

    assert (response["statusCode"], problem_of(response)["errorCode"]) == (404, "PackageNotFound")
    assert packages.lookups == []
