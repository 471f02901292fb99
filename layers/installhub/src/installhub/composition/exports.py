"""The export use case."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from installhub.composition.artifacts import artifact_table
from installhub.composition.definitions import definition_reader
from installhub.composition.limits import limits
from installhub.composition.packages import bundle_store, package_store
from installhub.composition.signing import package_signer
from installhub.exports.exporter import Exporter

if TYPE_CHECKING:
    from installhub.exports.version_policy import VersionPolicy


@cache
def exporter() -> Exporter:
    """The export use case."""
    return Exporter(
        artifact_table(),
        definition_reader(),
        package_store(),
        bundle_store(),
        limits(),
        _version_policy,
        package_signer(),
    )


def _version_policy() -> VersionPolicy:
    from installhub.composition.version_policy import version_policy  # noqa: PLC0415  # imports what compares packages

    return version_policy()
