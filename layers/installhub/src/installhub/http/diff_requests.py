"""Reads from requests with which package another one is compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from installhub.contract.artifact_ids import decode_text
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.packages.lookup import find_package
from installhub.packages.previous_version import previous_version

if TYPE_CHECKING:
    from installhub.http.request import Request
    from installhub.packages.package_index import PackageIndex
    from installhub.packages.records import PackageRecord
    from installhub.packages.store import PackageStore


def compared_package(
    request: Request, package: PackageRecord, packages: PackageStore, index: Callable[[], PackageIndex]
) -> PackageRecord:
    """The package named by ``from``, or else the next lower version of ``package``. Both belong to one tenant.

    Raises:
        InstallHubError: PackageNotFound, or InvalidRequest if ``from`` is missing and there is no lower version.
    """
    named = request.query_parameter("from")
    if named is not None:
        return find_package(packages, decode_text(named) or "", [package.tenant])
    description = package.description
    found = previous_version(index(), packages, package.tenant, description.name, description.version)
    if found is None:
        detail = "There is no lower version of this package. Name another package with the query parameter from."
        raise InstallHubError.of(ErrorCode.INVALID_REQUEST, detail)
    return found
