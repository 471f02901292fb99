"""The programs people open ZIP files with: each lists an archive's names and unpacks it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest


@dataclass(frozen=True, slots=True)
class Program:
    """A program that reads ZIP files.

    Attributes:
        names: What it may be called; the first that is installed is taken.
        package: The Debian package that has it.
        listing: Arguments that print an archive's names, the archive behind them.
        unpacking: Arguments that unpack it in the working directory.
        testing: Arguments that check it, if it can.
        read_listing: Gives the names in what listing printed.
    """

    names: tuple[str, ...]
    package: str
    listing: tuple[str, ...]
    unpacking: tuple[str, ...]
    testing: tuple[str, ...]
    read_listing: Callable[[str], list[str]] = str.splitlines

    def path(self) -> str:
        """Where it is; where it is not, the test fails in CI and is skipped elsewhere."""
        for name in self.names:
            found = shutil.which(name)
            if found:
                return found
        missing = f"{self.names[0]} is not installed; Debian has it in {self.package}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)

    def list(self, archive: Path) -> list[str]:
        """The names of the entries."""
        return self.read_listing(self._run(*self.listing, str(archive), folder=archive.parent))

    def unpack(self, archive: Path, folder: Path) -> dict[str, bytes]:
        """Unpack into ``folder``: the files' bytes by path."""
        folder.mkdir()
        self._run(*self.unpacking, str(archive), folder=folder)
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    def check(self, archive: Path) -> None:
        """Let it check the archive, as far as it can."""
        self._run(*self.testing, str(archive), folder=archive.parent)

    def _run(self, *arguments: str, folder: Path) -> str:
        done = subprocess.run(  # noqa: S603  # a program of the machine's
            [self.path(), *arguments], cwd=folder, capture_output=True, check=False, timeout=300
        )
        assert done.returncode == 0, (done.stderr or done.stdout)[-2000:]
        return done.stdout.decode()


def _from_7zip(printed: str) -> list[str]:
    """The names in a technical listing; the first path is the archive's own, above the dashed line."""
    entries = printed.partition("\n----------\n")[2]
    return [line.removeprefix("Path = ") for line in entries.splitlines() if line.startswith("Path = ")]


PROGRAMS: Final = {
    "Info-ZIP": Program(("unzip",), "unzip", ("-Z1",), ("-q",), ("-tq",)),
    "7-Zip": Program(("7zz", "7z", "7za"), "7zip", ("l", "-slt"), ("x", "-y", "-bd"), ("t", "-bd"), _from_7zip),
    "libarchive": Program(("bsdtar",), "libarchive-tools", ("-tf",), ("-xf",), ("-tvf",)),
    "Java": Program(("jar",), "default-jdk-headless", ("tf",), ("xf",), ("tf",)),
}
