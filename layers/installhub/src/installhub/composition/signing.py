"""Signing of packages."""

from __future__ import annotations

from functools import cache

from installhub.attestations.signer import PackageSigner
from installhub.composition.process import settings
from installhub.runtime import aws_clients


@cache
def package_signer() -> PackageSigner:
    """Signs packages."""
    return PackageSigner(aws_clients.kms, settings().string("SIGNING_KEY"))
