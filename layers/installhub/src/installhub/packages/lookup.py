"""Looks up packages and pending exports on behalf of a caller."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from installhub.model.errors import ErrorCode, InstallHubError
from installhub.packages.pending_exports import PendingExport, PendingExportStore
from installhub.packages.records import PackageRecord
from installhub.packages.store import PackageStore

_PACKAGE_ID: Final = re.compile(r"pkg-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_package_id(text: str) -> bool:
    """Whether ``text`` has the form of a package id."""
    return _PACKAGE_ID.fullmatch(text) is not None


def find_package(packages: PackageStore, package_id: str, tenants: Collection[str]) -> PackageRecord:
    """The package ``package_id`` of one of ``tenants``.

    Raises:
        InstallHubError: PackageNotFound, also if it belongs to another tenant.
    """
    record = packages.find_for_tenants(package_id, tenants) if is_package_id(package_id) else None
    if record is None:
        raise InstallHubError.of(ErrorCode.PACKAGE_NOT_FOUND)
    return record


def find_package_or_pending(
    pending: PendingExportStore, package_id: str, tenants: Collection[str], now: int
) -> PackageRecord | PendingExport:
    """The package ``package_id`` of one of ``tenants``, or the accepted export that will create it.

    ``now`` is in epoch seconds.

    Raises:
        InstallHubError: PackageNotFound, also if it belongs to another tenant.
    """
    found = pending.get_for_tenants(package_id, tenants, now) if is_package_id(package_id) else None
    if found is None:
        raise InstallHubError.of(ErrorCode.PACKAGE_NOT_FOUND)
    return found
