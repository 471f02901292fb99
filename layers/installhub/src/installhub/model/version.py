"""Versions of packages: Semantic Versioning 2.0.0."""

from __future__ import annotations

from collections.abc import Iterable
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


def highest_first(versions: Iterable[str]) -> list[str]:
    """``versions`` in the order of precedence (SemVer 2.0.0, item 11), highest first.

    Versions of equal precedence, which differ in their build metadata only, keep their order.
    """
    from semver import Version  # noqa: PLC0415  # as above

    return sorted(versions, key=Version.parse, reverse=True)


def compare(first: str, second: str) -> int:
    """-1, 0 or 1: whether the precedence of ``first`` is lower than, equal to or higher than that of ``second``."""
    from semver import Version  # noqa: PLC0415  # as above

    return Version.parse(first).compare(second)


def is_prerelease(version: str) -> bool:
    """Whether ``version`` is a pre-release, which has lower precedence than its release (SemVer 2.0.0, item 9)."""
    return "-" in without_build_metadata(version)


def latest(active: Iterable[str]) -> str | None:
    """The highest of the active versions of a package that is no pre-release; None if there is none."""
    return next(iter(highest_first(version for version in active if not is_prerelease(version))), None)


def latest_prerelease(active: Iterable[str]) -> str | None:
    """The highest of the active versions of a package that is a pre-release; None if there is none."""
    return next(iter(highest_first(filter(is_prerelease, active))), None)


def next_version(version: str, part: str) -> str:
    """The lowest release that is a step above ``version``; ``part`` is the part to increase: major, minor or patch.

    The release of a pre-release counts as a step. Versions 0.y.z are for initial development, in which anything may
    change (SemVer 2.0.0, item 4): there, a minor step takes the place of a major one.
    """
    from semver import Version  # noqa: PLC0415  # as above

    parsed = Version.parse(version)
    if parsed.major == 0 and part == "major":
        part = "minor"
    return str(parsed.next_version(part))


def has_reached(version: str, release: str) -> bool:
    """Whether ``version``, or the release that it is a pre-release of, is at least ``release``."""
    from semver import Version  # noqa: PLC0415  # as above

    return Version.parse(version).finalize_version() >= Version.parse(release)


def lower_than(versions: Iterable[str], version: str) -> list[str]:
    """Those of ``versions`` that are lower than ``version``, highest first."""
    return highest_first(other for other in versions if compare(other, version) < 0)
