"""Lookup of packages: only those of the caller's tenants are found."""

from __future__ import annotations

from typing import cast

import pytest

from installhub.model.errors import ErrorCode, InstallHubError
from installhub.packages.lookup import find_package
from installhub.packages.records import PackageRecord
from installhub.packages.store import PackageStore
from tests.builders import TENANT, FakePackages, record


def find(stored: PackageRecord, package_id: str, *tenants: str) -> PackageRecord:
    return find_package(cast("PackageStore", FakePackages(stored)), package_id, tenants)


def test_a_package_of_any_of_the_caller_s_tenants_is_found() -> None:
    stored = record()

    assert find(stored, stored.description.package_id, "other", TENANT) is stored


@pytest.mark.parametrize("tenants", [("other",), (), (TENANT.upper(),)])
def test_another_tenant_s_package_is_refused_as_an_unknown_one_is(tenants: tuple[str, ...]) -> None:
    stored = record()

    with pytest.raises(InstallHubError) as foreign:
        find(stored, stored.description.package_id, *tenants)
    with pytest.raises(InstallHubError) as unknown:
        find(stored, "pkg-00000000-0000-5000-8000-000000000000", *tenants)

    assert foreign.value.code is ErrorCode.PACKAGE_NOT_FOUND
    assert foreign.value.problems == unknown.value.problems


@pytest.mark.parametrize(
    "package_id",
    [
        "",
        "pkg-",
        "x" * 3_000,
        "pkg-a3f9c821-4b2e-59d1-bc44-f7e2a1c09d33\n",
        "\ud800",
        "pkg-A3F9C821-4B2E-59D1-BC44-F7E2A1C09D33",
    ],
    ids=lambda text: ascii(text)[:12],
)
def test_an_invalid_package_id_is_not_looked_up(package_id: str) -> None:
    packages = FakePackages(record())

    with pytest.raises(InstallHubError) as refusal:
        find_package(cast("PackageStore", packages), package_id, (TENANT,))

    assert refusal.value.code is ErrorCode.PACKAGE_NOT_FOUND
    assert packages.lookups == []
