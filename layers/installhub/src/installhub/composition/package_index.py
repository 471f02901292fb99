"""The package index."""

from __future__ import annotations

from functools import cache

from installhub.composition.process import settings
from installhub.packages.package_index import PackageIndex
from installhub.runtime import aws_clients


@cache
def package_index() -> PackageIndex:
    """Finds packages by what they contain."""
    return PackageIndex(aws_clients.dynamodb(), settings().string("PACKAGE_INDEX_TABLE"))
