"""The tenant of a request, from the body and the header."""

from __future__ import annotations

import json

import pytest

from installhub.contract.request_models import ExportRequest, PreviewRequest, RootsRequest
from installhub.http.request_body import read_request
from tests.builders import TENANT, make_caller
from tests.builders import request as request_of
from tests.unit.http.reading import EXPORT, OMITTED, PREVIEW, export_body, invalid, problems


@pytest.mark.parametrize(
    ("body_tenant", "header_tenant"),
    [(TENANT, None), (OMITTED, TENANT), (None, TENANT), (TENANT, TENANT), (OMITTED, f" {TENANT} ")],
)
@pytest.mark.parametrize("header_name", ["X-Tenant-Id", "x-tenant-id"])
def test_the_tenant_may_be_in_the_body_the_header_or_both(
    body_tenant: object, header_tenant: str | None, header_name: str
) -> None:
    headers = {} if header_tenant is None else {header_name: header_tenant}

    _, tenant, _ = read_request(ExportRequest, request_of(export_body(tenantId=body_tenant), headers=headers))

    assert tenant == TENANT


@pytest.mark.parametrize("body_tenant", [OMITTED, None])
@pytest.mark.parametrize("headers", [{}, {"X-Tenant-Id": ""}, {"X-Tenant-Id": "  "}])
def test_a_request_without_a_tenant_is_invalid(body_tenant: object, headers: dict[str, str]) -> None:
    assert problems(export_body(tenantId=body_tenant), headers=headers) == invalid("/tenantId")


@pytest.mark.parametrize("body_tenant", [OMITTED, None])
def test_a_missing_tenant_is_reported_with_the_other_problems(body_tenant: object) -> None:
    assert sorted(problems(export_body(tenantId=body_tenant, packageName=""))) == invalid("/packageName", "/tenantId")


@pytest.mark.parametrize(
    ("body_tenant", "header_tenant"),
    [
        pytest.param("theirs", None, id="not the caller's, in the body"),
        pytest.param(OMITTED, "theirs", id="not the caller's, in the header"),
        pytest.param("theirs", "theirs", id="not the caller's, in both"),
        pytest.param(TENANT, "mine-too", id="both the caller's, but different"),
        pytest.param("theirs", TENANT, id="header the caller's, body not"),
        pytest.param(TENANT, "theirs", id="body the caller's, header not"),
        pytest.param(TENANT.upper(), None, id="another case"),
    ],
)
@pytest.mark.parametrize("model", [ExportRequest, PreviewRequest])
def test_a_foreign_or_contradictory_tenant_is_a_mismatch(
    model: type[RootsRequest], body_tenant: object, header_tenant: str | None
) -> None:
    fields = EXPORT if model is ExportRequest else PREVIEW
    body = {name: value for name, value in {**fields, "tenantId": body_tenant}.items() if value is not OMITTED}
    headers = {} if header_tenant is None else {"X-Tenant-Id": header_tenant}

    reported = problems(json.dumps(body), model, headers=headers, caller=make_caller(TENANT, "mine-too"))

    assert [code for code, _ in reported] == ["TenantMismatch"]


@pytest.mark.parametrize("headers", [{}, {"X-Tenant-Id": TENANT}, {"X-Tenant-Id": "theirs"}])
def test_an_invalid_body_and_a_foreign_tenant_are_both_reported_the_body_first(headers: dict[str, str]) -> None:
    reported = problems(export_body(tenantId="theirs", packageName=""), headers=headers)

    assert [code for code, _ in reported] == ["InvalidRequest", "TenantMismatch"]


@pytest.mark.parametrize("body", ["{", "[]", None, "\ud800"], ids=ascii)
def test_a_body_that_cannot_be_read_does_not_hide_a_foreign_tenant_in_the_header(body: str | None) -> None:
    reported = problems(body, headers={"X-Tenant-Id": "theirs"})

    assert reported == [("InvalidRequest", ""), ("TenantMismatch", None)]
