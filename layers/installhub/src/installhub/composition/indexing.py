"""Indexing packages."""

from __future__ import annotations

from functools import cache

from installhub.composition.packages import bundle_store, package_store
from installhub.composition.process import settings
from installhub.packages.indexing import PackageIndexer
from installhub.runtime import aws_clients


@cache
def package_indexer() -> PackageIndexer:
    """Writes packages to the package index."""
    table = settings().string("PACKAGE_INDEX_TABLE")
    return PackageIndexer(aws_clients.dynamodb(), table, package_store(), bundle_store())
