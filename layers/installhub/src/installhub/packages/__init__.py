"""Packages: their records in DynamoDB and their bundles in S3."""

from installhub.packages.bundles import BundleStore, BundleUpload
from installhub.packages.cleanup import Sweeper, discard
from installhub.packages.pending import PendingExport, PendingStore
from installhub.packages.records import Acceptance, Claim, PackageRecord, PackageStatus
from installhub.packages.store import PackageStore

__all__ = [
    "Acceptance",
    "BundleStore",
    "BundleUpload",
    "Claim",
    "PackageRecord",
    "PackageStatus",
    "PackageStore",
    "PendingExport",
    "PendingStore",
    "Sweeper",
    "discard",
]
