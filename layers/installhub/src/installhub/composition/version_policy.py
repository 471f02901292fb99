"""The version policy of exports."""

from __future__ import annotations

from functools import cache

from installhub.composition.definitions import definition_reader
from installhub.composition.package_index import package_index
from installhub.composition.packages import bundle_store, package_store
from installhub.exports.version_policy import VersionPolicy


@cache
def version_policy() -> VersionPolicy:
    """Compares what is to be exported with the next lower version."""
    return VersionPolicy(package_index(), package_store(), bundle_store(), definition_reader())
