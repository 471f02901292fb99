"""The export use case."""

from __future__ import annotations

from functools import cache

from installhub.composition.artifacts import artifact_table
from installhub.composition.definitions import definition_reader
from installhub.composition.limits import limits
from installhub.composition.packages import bundle_store, package_store
from installhub.exports.exporter import Exporter


@cache
def exporter() -> Exporter:
    """The export use case."""
    return Exporter(artifact_table(), definition_reader(), package_store(), bundle_store(), limits())
