"""What every composition shares: the settings of the function, and the limits of a package."""

from __future__ import annotations

from functools import cache

from installhub.resolver.plan import Limits
from installhub.runtime.settings import Settings


@cache
def settings() -> Settings:
    """The function's settings."""
    return Settings.from_environment()


@cache
def limits() -> Limits:
    """How much one package may hold."""
    return Limits(
        roots=settings().integer("MAX_ROOTS"),
        artifacts=settings().integer("MAX_ARTIFACTS"),
        definition_bytes=settings().integer("MAX_DEFINITION_BYTES"),
    )
