"""The settings of the function."""

from __future__ import annotations

from functools import cache

from installhub.runtime.settings import Settings


@cache
def settings() -> Settings:
    """The function's settings."""
    return Settings.from_environment()
