"""Finds the version with which a package is compared if none is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installhub.model.lifecycle import Lifecycle
from installhub.model.version import lower_than

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
    found = (packages.find_for_tenants(ids[lower], [tenant]) for lower in lower_than(ids, version))
    # The index may be behind: a package may have been yanked a moment ago, or erased.
    usable = (record for record in found if record is not None and record.state.lifecycle is not Lifecycle.YANKED)
    return next(usable, None)
