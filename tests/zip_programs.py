"""Common ZIP programs that list, check and unpack archives."""

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
        names: Possible names of the executable; the first installed one is used.
        package: The Debian package that contains it.
        listing: Arguments for listing the names in an archive; its path follows.
        unpacking: Arguments for unpacking an archive in the working directory.
        testing: Arguments for checking an archive.
        read_listing: Parses the names in the output of listing.
    """

    names: tuple[str, ...]
    package: str
    listing: tuple[str, ...]
    unpacking: tuple[str, ...]
    testing: tuple[str, ...]
    read_listing: Callable[[str], list[str]] = str.splitlines

    def path(self) -> str:
        """Return the path of the program; if it is not installed, fail the test in CI and skip it elsewhere."""
        for name in self.names:
            executable = shutil.which(name)
            if executable:
                return executable
        missing = f"{self.names[0]} is not installed; it is in the Debian package {self.package}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)

    def list(self, archive: Path) -> list[str]:
        """Return the names of the entries."""
        return self.read_listing(self._run(*self.listing, str(archive), folder=archive.parent))

    def unpack(self, archive: Path, folder: Path) -> dict[str, bytes]:
        """Unpack into ``folder`` and return the content of the files by path."""
        folder.mkdir()
        self._run(*self.unpacking, str(archive), folder=folder)
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    def check(self, archive: Path) -> None:
        """Let the program check the archive."""
        self._run(*self.testing, str(archive), folder=archive.parent)

    def _run(self, *arguments: str, folder: Path) -> str:
        result = subprocess.run(  # noqa: S603  # an installed program
            [self.path(), *arguments], cwd=folder, capture_output=True, check=False, timeout=300
        )
        assert result.returncode == 0, (result.stderr or result.stdout)[-2000:]
        return result.stdout.decode()


def _from_7zip(printed: str) -> list[str]:
    """Return the names in a technical listing; the path above the dashed line is that of the archive."""
    entries = printed.partition("\n----------\n")[2]
    return [line.removeprefix("Path = ") for line in entries.splitlines() if line.startswith("Path = ")]


PROGRAMS: Final = {
    "Info-ZIP": Program(("unzip",), "unzip", ("-Z1",), ("-q",), ("-tq",)),
    "7-Zip": Program(("7zz", "7z", "7za"), "7zip", ("l", "-slt"), ("x", "-y", "-bd"), ("t", "-bd"), _from_7zip),
    "libarchive": Program(("bsdtar",), "libarchive-tools", ("-tf",), ("-xf",), ("-tvf",)),
    "Java": Program(("jar",), "default-jdk-headless", ("tf",), ("xf",), ("tf",)),
}
