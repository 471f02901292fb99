"""Packages: their records in DynamoDB and their bundles in S3."""

from installhub.packages.bundles import BundleStore, BundleUpload
from installhub.packages.cleanup import Sweeper, discard
from installhub.packages.records import Claim, PackageRecord
from installhub.packages.store import PackageStore

__all__ = ["BundleStore", "BundleUpload", "Claim", "PackageRecord", "PackageStore", "Sweeper", "discard"]
