"""The import contracts of pyproject.toml, applied to small packages that keep or break them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

CONFIGURATION: Final = Path(__file__).parents[3] / "pyproject.toml"
CONTRACTS: Final = tomllib.loads(CONFIGURATION.read_text())["tool"]["importlinter"]["contracts"]
ROOMS: Final = [room for layer in CONTRACTS[0]["layers"] for room in layer.split(" | ")]
NAMED: Final = {module for contract in CONTRACTS for module in contract.get("source_modules", ())}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Create a package with all rooms, each of which imports from the lowest one."""
    package = tmp_path / "installhub"
    for room in ROOMS:
        write(package, f"{room}/__init__.py", "")
        write(package, f"{room}/own.py", "" if room == "model" else "import installhub.model.own\n")
    for module in NAMED - {f"installhub.{room}" for room in ROOMS}:
        write(package.parent, f"{module.replace('.', '/')}.py", "")
    write(package, "__init__.py", "")
    return package


def write(package: Path, path: str, text: str) -> None:
    file = package / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def broken_contracts(package: Path) -> tuple[list[str], str]:
    """Return the names of the broken contracts and the complete report."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    arguments = ["--no-cache", "--no-logo", str(CONFIGURATION)]
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "NO_COLOR": "1", "COLUMNS": "200"}
    result = subprocess.run(  # noqa: S603  # fixed arguments
        [*command, *arguments], cwd=package.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert "Contracts:" in result.stdout, result.stdout + result.stderr
    return re.findall(r"^(.+) BROKEN", result.stdout, re.MULTILINE), result.stdout


def test_imports_downwards_keep_the_contracts(package: Path) -> None:
    write(package, "composition/packages.py", "import botocore\nfrom installhub.packages import own\n")
    write(package, "http/endpoint.py", "from installhub.contract import own\n")
    write(package, "bundler/archive.py", "import zipfile\nfrom installhub.runtime import own\n")
    broken, report = broken_contracts(package)
    assert not broken, report


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("model", "runtime"),
        ("runtime", "resolver"),
        ("packages", "exports"),
        ("exports", "http"),
        ("contract", "events"),
        ("events", "composition"),
        ("http", "events"),
        ("packages", "artifacts"),
        ("identity", "packages"),
        ("resolver", "bundler"),
    ],
)
def test_an_import_upwards_or_sideways_breaks_them(package: Path, importer: str, imported: str) -> None:
    write(package, f"{importer}/wrong.py", f"from installhub.{imported} import own\n")
    broken, report = broken_contracts(package)
    assert broken == ["Imports point downwards only"]
    assert f"installhub.{importer} is not allowed to import installhub.{imported}" in report


def test_a_module_outside_the_rooms_breaks_them(package: Path) -> None:
    write(package, "helpers.py", "")
    broken, report = broken_contracts(package)
    assert broken == ["Imports point downwards only"]
    assert "helpers" in report


@pytest.mark.parametrize(
    ("room", "library"),
    [("resolver", "boto3"), ("bundler", "botocore.config"), ("model", "aws_lambda_powertools.logging")],
)
def test_a_pure_room_that_imports_an_aws_library_breaks_them(package: Path, room: str, library: str) -> None:
    write(package, f"{room}/wrong.py", f"import {library}\n")
    broken, _ = broken_contracts(package)
    assert broken == ["The pure rooms know no service and no framework"]


def test_a_pure_room_that_imports_an_aws_library_indirectly_breaks_them(package: Path) -> None:
    write(package, "runtime/clients.py", "import botocore\n")
    write(package, "resolver/wrong.py", "from installhub.runtime import clients\n")
    broken, report = broken_contracts(package)
    assert broken == ["The pure rooms know no service and no framework"]
    assert "installhub.runtime.clients -> botocore" in report
