"""Parsing of requests: bodies, headers and permitted tenants."""

from __future__ import annotations

import pytest

from installhub.http.parsing import permitted_tenants, tenant_header
from installhub.model.errors import ErrorCode, InstallHubError
from tests.builders import make_caller
from tests.builders import request as request_of


@pytest.mark.parametrize("in_base64", [True, False])
@pytest.mark.parametrize(("body", "expected"), [("{}", b"{}"), ("é漢😀", "é漢😀".encode()), ("", b""), (None, b"")])
def test_a_body_is_decoded_from_text_and_base64(
    body: str | None,
    expected: bytes,
    in_base64: bool,  # noqa: FBT001
) -> None:
    assert request_of(body, in_base64=in_base64).body == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Tenant-Id": "a"}, "a"),
        ({"x-tenant-id": "a"}, "a"),
        ({"X-TENANT-ID": " a "}, "a"),
        ({"X-Tenant-Id": ""}, None),
        ({"X-Tenant-Id": " "}, None),
        ({"X-Tenant": "a"}, None),
        ({}, None),
    ],
)
def test_the_name_of_the_tenant_header_is_case_insensitive(headers: dict[str, str], expected: str | None) -> None:
    assert tenant_header(request_of(headers=headers)) == expected


def test_a_get_covers_all_tenants_of_the_caller_or_that_of_the_header() -> None:
    caller = make_caller("a", "b")

    assert permitted_tenants(request_of(caller=caller)) == ("a", "b")
    assert permitted_tenants(request_of(caller=caller, headers={"X-Tenant-Id": "b"})) == ("b",)
    with pytest.raises(InstallHubError) as mismatch:
        permitted_tenants(request_of(caller=caller, headers={"X-Tenant-Id": "c"}))
    assert mismatch.value.code is ErrorCode.TENANT_MISMATCH
