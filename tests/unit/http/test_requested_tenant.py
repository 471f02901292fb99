"""The requested tenant: in the header, the body or both."""

from __future__ import annotations

import pytest

from installhub.http.requested_tenant import RequestedTenant
from installhub.identity.caller import Caller
from installhub.model.errors import ErrorCode
from installhub.model.scopes import EXPORT_SCOPE

NOW = 1_780_000_000
CALLER = Caller("user-1", ("tenant-a", "tenant-b"), frozenset({EXPORT_SCOPE}), NOW + 1)


@pytest.mark.parametrize(
    ("header", "body", "expected"),
    [
        ("tenant-a", None, "tenant-a"),
        (None, "tenant-b", "tenant-b"),
        ("tenant-b", "tenant-b", "tenant-b"),
        (None, None, None),
    ],
)
def test_the_tenant_is_in_the_header_or_the_body(header: str | None, body: str | None, expected: str | None) -> None:
    requested = RequestedTenant(header, body)

    assert requested.tenant == expected
    assert requested.problems(CALLER, required=False) == []


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("tenant-a", "tenant-b"),
        ("tenant-c", None),
        (None, "tenant-c"),
        ("tenant-c", "tenant-c"),
        ("tenant-a", "tenant-c"),
        (None, "Tenant-A"),
        (None, "tenant-a "),
        (None, "tenant"),
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_tenants_that_disagree_or_are_not_the_caller_s_are_a_mismatch(
    header: str | None,
    body: str | None,
    required: bool,  # noqa: FBT001
) -> None:
    problems = RequestedTenant(header, body).problems(CALLER, required=required)

    assert [problem.code for problem in problems] == [ErrorCode.TENANT_MISMATCH]


def test_a_mismatch_names_no_tenant() -> None:
    for requested in (RequestedTenant("tenant-c"), RequestedTenant("tenant-a", "tenant-c")):
        assert "tenant-" not in str(requested.problems(CALLER, required=True))


def test_a_request_that_needs_a_tenant_and_names_none_is_invalid() -> None:
    problems = RequestedTenant(None, None).problems(CALLER, required=True)

    assert [(problem.code, problem.pointer) for problem in problems] == [(ErrorCode.INVALID_REQUEST, "/tenantId")]


def test_a_caller_without_tenants_may_act_for_none() -> None:
    caller = Caller("user-1", (), frozenset({EXPORT_SCOPE}), NOW + 1)

    assert RequestedTenant("tenant-a").problems(caller, required=True)
