"""Finds the version with which a package is compared if none is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installhub.model.lifecycle import Lifecycle
from installhub.model.version import next_lower

if TYPE_CHECKING:
    from installhub.packages.package_index import PackageIndex
    from installhub.packages.records import PackageRecord
    from installhub.packages.store import PackageStore


def previous_version(
    index: PackageIndex, packages: PackageStore, tenant: str, name: str, version: str
) -> PackageRecord | None:
    """The package with the next lower version of the same name that is not yanked; None if there is none."""
    ids = {
        package.version: package.package_id
        for package in index.versions(tenant, name)
        if package.lifecycle is not Lifecycle.YANKED
    }
    lower = next_lower(ids, version)
    return None if lower is None else packages.find_for_tenants(ids[lower], [tenant])
