"""SECURITY.md: its controls and tests exist, and its statements on pinning and exceptions are true."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from tools.scans.scanners import PROJECT, tracked_files

PAGE: Final = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")
_TABLE: Final = PAGE.partition("<!-- begin threats -->")[2].partition("<!-- end threats -->")[0]
ROWS: Final = [
    [cell.strip() for cell in line.strip("|").split(" |")] for line in _TABLE.splitlines() if line.startswith("| **")
]
_REFERENCE: Final = re.compile(r"`([\w./-]+\.(?:py|yaml|txt|toml))(?:::(\w+))?`")

# Split, so that this file does not contain them.
MARKS: Final = ("no" + "sec", "checkov:" + "skip", "pragma: " + "allowlist")

every_threat = pytest.mark.parametrize("row", ROWS, ids=[row[0].split("**")[1] for row in ROWS])


def functions_in(file: Path) -> set[str]:
    return {node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)}


def test_the_table_of_threats_is_found() -> None:
    assert len(ROWS) >= 25


@every_threat
def test_the_control_of_a_threat_exists(row: list[str]) -> None:
    _, control, _, _ = row
    files = _REFERENCE.findall(control)
    assert files
    for file, _ in files:
        assert (PROJECT / file).is_file(), file


@every_threat
def test_the_tests_of_a_threat_exist(row: list[str]) -> None:
    tests = _REFERENCE.findall(row[2])
    assert tests
    for file, test in tests:
        assert file.startswith("tests/")
        assert test.startswith("test_")
        assert test in functions_in(PROJECT / file), f"{file}::{test}"


def test_links_and_files_of_the_page_exist() -> None:
    for target in [*re.findall(r"\]\(([^)#]+)\)", PAGE), *(file for file, _ in _REFERENCE.findall(PAGE))]:
        assert (PROJECT / target).exists(), target


@pytest.mark.parametrize("listing", [file for file in tracked_files() if re.search(r"requirements.*\.txt$", file)])
def test_every_package_is_pinned_with_a_hash(listing: str) -> None:
    text = (PROJECT / listing).read_text().replace("\\\n", " ")
    packages = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert packages
    for package in packages:
        assert re.match(r"[\w.\[\]-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", package), package


def test_exceptions_from_the_scans_are_in_one_file_only() -> None:
    for file in tracked_files():
        content = (PROJECT / file).read_bytes()
        assert not [mark for mark in MARKS if mark.encode() in content and file != "tools/scans/scanners.py"], file
