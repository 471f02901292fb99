"""Versions of packages: Semantic Versioning 2.0.0."""

from __future__ import annotations

from typing import Final

MAX_VERSION_LENGTH: Final = 256

VERSION_PATTERN: Final = (
    r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$"
)
"""SemVer's grammar as a JSON Schema pattern (ECMA-262), for the generated documents; code calls
:func:`is_valid_version`."""


def is_valid_version(text: str) -> bool:
    """Whether the whole of ``text`` is a SemVer 2.0.0 version: ASCII, at most 256 characters."""
    if len(text) > MAX_VERSION_LENGTH or not text.isascii():
        return False
    from semver import Version  # noqa: PLC0415  # imports argparse; most functions validate no versions

    return Version.is_valid(text)


def without_build_metadata(version: str) -> str:
    """``version`` without its build metadata, which does not affect precedence (SemVer 2.0.0, item 10)."""
    return version.partition("+")[0]
