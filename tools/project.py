"""The project's metadata, from layers/installhub/pyproject.toml; the layer itself has a copy of the version."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).parents[1]
PYPROJECT: Final = Path("layers", "installhub", "pyproject.toml")
HUB: Final = Path("layers", "installhub", "src", "installhub", "model", "hub.py")
"""The version for the deployed layer, which has no pyproject.toml; a test compares the two."""


@dataclass(frozen=True)
class Metadata:
    """Metadata of the project.

    Attributes:
        name: Its name.
        version: The version of the last release.
        author: Who publishes it.
        license: SPDX id of its license.
        urls: Its addresses by label, as in ``[project.urls]``; a fork may add ``Homepage`` and ``Source``.
    """

    name: str
    version: str
    author: str
    license: str
    urls: Mapping[str, str]


def metadata() -> Metadata:
    """The metadata of this project."""
    found = _project_table(PROJECT)
    return Metadata(
        found["name"], found["version"], found["authors"][0]["name"], found["license"], found.get("urls", {})
    )


def version_of(project: Path) -> str:
    """The version of the project in a folder, which may be an older one."""
    version: str = _project_table(project)["version"]
    return version


def _project_table(project: Path) -> Mapping[str, Any]:
    table: Mapping[str, Any] = tomllib.loads((project / PYPROJECT).read_text(encoding="utf-8"))["project"]
    return table
