"""The changelog, in the format of Keep a Changelog."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from semver import Version

UNRELEASED: Final = "## Unreleased\n"
_HEADING: Final = re.compile(r"^## (?P<version>\S+)(?: - \S+)?$", re.MULTILINE)


def section(text: str, title: str) -> str:
    """The text below the heading of a version or of ``Unreleased``, up to the next version; empty if there is none."""
    headings = list(_HEADING.finditer(text))
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        if heading["version"] == title:
            return text[heading.end() : following.start() if following else None].strip("\n")
    return ""


def has_entries(text: str) -> bool:
    """Whether a section lists any change."""
    return re.search(r"^- \S", text, re.MULTILINE) is not None


def versions(text: str) -> Iterator[Version]:
    """Yield the released versions in the changelog."""
    for heading in _HEADING.finditer(text):
        if Version.is_valid(heading["version"]):
            yield Version.parse(heading["version"])


def release(text: str, version: str, date: str) -> str:
    """The changelog with the unreleased changes under ``version``, and an empty section for the next ones."""
    return text.replace(UNRELEASED, f"{UNRELEASED}\n## {version} - {date}\n", 1)
