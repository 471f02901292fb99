"""Builds the bodies of lists of packages; :mod:`installhub.contract.package_models` describes their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from installhub.contract.routes import DOWNLOAD

if TYPE_CHECKING:
    from installhub.model.cursor import Page
    from installhub.packages.index_items import IndexedPackage
    from installhub.packages.versions import VersionPage


def package_list_body(page: Page[IndexedPackage]) -> dict[str, Any]:
    """The body for a page of packages."""
    return {"packages": [_package(package) for package in page.entries], "nextCursor": page.next_cursor}


def version_list_body(versions: VersionPage) -> dict[str, Any]:
    """The body for a page of the versions of a package."""
    return {
        "versions": [_package(package) for package in versions.page.entries],
        "latest": versions.latest,
        "latestPrerelease": versions.latest_prerelease,
        "nextCursor": versions.page.next_cursor,
    }


def _package(package: IndexedPackage) -> dict[str, Any]:
    return {
        "packageId": package.package_id,
        "packageName": package.name,
        "version": package.version,
        "packageType": package.package_type.value,
        "description": package.description,
        "author": package.author,
        "tags": list(package.tags),
        "tenantId": package.tenant,
        "artifactCount": package.artifact_count,
        "bundleSize": package.bundle_size,
        "checksum": package.checksum,
        "exportedAt": package.exported_at,
        "exportedBy": package.exported_by,
        "lifecycle": package.lifecycle.value,
        "bundleDownloadUrl": DOWNLOAD.path.format(packageId=package.package_id),
    }
