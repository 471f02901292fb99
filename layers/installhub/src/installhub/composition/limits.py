"""The limits of a package."""

from __future__ import annotations

from functools import cache

from installhub.composition.process import settings
from installhub.resolver.plan import Limits


@cache
def limits() -> Limits:
    """The maximum size of a package."""
    return Limits(
        roots=settings().integer("MAX_ROOTS"),
        artifacts=settings().integer("MAX_ARTIFACTS"),
        definition_bytes=settings().integer("MAX_DEFINITION_BYTES"),
    )
