"""Writes a new version into the files that contain it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tools.project import HUB, PYPROJECT
from tools.release import changelog

LAST_RELEASE: Final = Path("tools", "upgrade", "last_release.toml")
UPGRADING: Final = Path("docs", "upgrading.md")


def write_version(folder: Path, version: str, date: str) -> None:
    """Write the version into everything that is not generated from it."""
    _edit(folder / "CHANGELOG.md", lambda text: changelog.release(text, version, date))
    _edit(folder / PYPROJECT, lambda text: re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', text, count=1))
    _edit(folder / HUB, lambda text: re.sub(r'(?m)^(HUB_VERSION\b.*) = ".*"$', rf'\1 = "{version}"', text, count=1))
    _edit(
        folder / UPGRADING,
        lambda text: re.sub(r"(?m)^(## From \S+ to) the next release$", rf"\1 {version}", text, count=1),
    )


def write_last_release(folder: Path, version: str, commit: str) -> None:
    """Let `make check-upgrade` and the upgrade test start from a release."""
    _edit(
        folder / LAST_RELEASE,
        lambda text: re.sub(
            r'version = ".*"\ncommit = ".*"', f'version = "{version}"\ncommit = "{commit}"', text, count=1
        ),
    )


def _edit(file: Path, change: Callable[[str], str]) -> None:
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
