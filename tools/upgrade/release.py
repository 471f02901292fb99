"""The last release, read from the repository's history."""

from __future__ import annotations

import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2]
_FILE: Final = Path(__file__).with_name("last_release.toml")


@dataclass(frozen=True)
class Release:
    """A release.

    Attributes:
        version: Its version.
        commit: Its commit.
    """

    version: str
    commit: str

    def is_available(self) -> bool:
        """Whether the repository has its commit; a shallow clone does not."""
        try:
            self._git("cat-file", "-e", f"{self.commit}^{{commit}}")
        except subprocess.CalledProcessError:
            return False
        return True

    def template(self) -> str:
        """Its template.yaml."""
        return self._git("show", f"{self.commit}:template.yaml").decode()

    def extract(self, folder: Path) -> None:
        """Extract all its files into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        files = self._git("archive", self.commit)
        subprocess.run(["tar", "-x", "-C", folder], input=files, check=True)  # noqa: S603, S607  # fixed command

    def _git(self, *arguments: str) -> bytes:
        return subprocess.run(["git", *arguments], cwd=PROJECT, check=True, capture_output=True).stdout  # noqa: S603, S607  # fixed commands


def last_release() -> Release:
    """The last release."""
    recorded = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return Release(recorded["version"], recorded["commit"])
