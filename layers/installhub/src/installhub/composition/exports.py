"""The export use case."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from installhub.composition.artifacts import artifact_table
from installhub.composition.definitions import definition_reader
from installhub.composition.limits import limits
from installhub.composition.packages import bundle_store, package_store
from installhub.composition.secret_policy import SecretPolicy, secret_policy
from installhub.composition.signing import package_signer
from installhub.exports.exporter import Exporter

if TYPE_CHECKING:
    from installhub.exports.version_policy import VersionPolicy


@cache
def exporter() -> Exporter:
    """The export use case."""
    return Exporter(
        *(artifact_table(), definition_reader(), package_store(), bundle_store(), limits()),
        version_policy=_version_policy,
        signer=package_signer(),
        refuses_secrets=secret_policy() is SecretPolicy.REFUSE,
    )


def _version_policy() -> VersionPolicy:
    from installhub.composition.version_policy import version_policy  # noqa: PLC0415  # imports what compares packages

    return version_policy()
