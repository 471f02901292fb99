"""The versions of a package, in the order of precedence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from installhub.model.cursor import CursorScope, Page
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.lifecycle import Lifecycle
from installhub.model.package import normalized_name
from installhub.model.version import compare, is_valid_version, latest, latest_prerelease
from installhub.packages.index_items import IndexedPackage


@dataclass(frozen=True, slots=True)
class VersionPage:
    """A page of the versions of a package.

    Attributes:
        page: The packages, the highest version first.
        latest: The highest of all active versions that is no pre-release.
        latest_prerelease: The highest of all active versions that is a pre-release.
    """

    page: Page[IndexedPackage]
    latest: str | None
    latest_prerelease: str | None


def version_page(
    packages: Sequence[IndexedPackage], tenant: str, name: str, limit: int, cursor: str | None
) -> VersionPage:
    """A page of up to ``limit`` versions, after the position of ``cursor``.

    Args:
        packages: All versions, the highest first.
        tenant: Id of the tenant.
        name: The name that was asked for.
        limit: Maximum number of versions on the page.
        cursor: Where the page starts.

    Raises:
        InstallHubError: InvalidCursor.
    """
    scope = CursorScope("versions", tenant, {"name": normalized_name(name)})
    rest = packages if cursor is None else _lower(packages, scope, cursor)
    entries = tuple(rest[:limit])
    next_cursor = scope.encode([entries[-1].version]) if len(rest) > limit else None
    active = [package.version for package in packages if package.lifecycle is Lifecycle.ACTIVE]
    return VersionPage(Page(entries, next_cursor), latest(active), latest_prerelease(active))


def _lower(packages: Sequence[IndexedPackage], scope: CursorScope, cursor: str) -> Sequence[IndexedPackage]:
    (version,) = scope.decode(cursor)
    if not is_valid_version(version):
        raise InstallHubError.of(ErrorCode.INVALID_CURSOR)
    return [package for package in packages if compare(package.version, version) < 0]
