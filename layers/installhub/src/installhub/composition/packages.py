"""The packages table and the bundle bucket."""

from __future__ import annotations

from functools import cache

from installhub.composition.process import settings
from installhub.packages.bundle_store import BundleStore
from installhub.packages.pending_exports import PendingExportStore
from installhub.packages.store import PackageStore
from installhub.runtime import aws_clients


@cache
def package_store() -> PackageStore:
    """Claims and packages in the packages table."""
    return PackageStore(aws_clients.dynamodb(), settings().string("PACKAGES_TABLE"))


@cache
def pending_export_store() -> PendingExportStore:
    """Pending exports in the packages table."""
    return PendingExportStore(aws_clients.dynamodb(), settings().string("PACKAGES_TABLE"))


@cache
def bundle_store() -> BundleStore:
    """The bundle bucket."""
    return BundleStore(aws_clients.s3, settings().string("BUNDLE_BUCKET"))
