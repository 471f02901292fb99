"""The auditor shares no code with what it audits, so that it cannot share a mistake."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

AUDIT: Final = Path(__file__).parents[3] / "operations/audit"


@pytest.mark.parametrize("module", sorted(AUDIT.glob("*.py")), ids=lambda module: str(module.stem))
def test_no_module_of_the_auditor_imports_the_layer(module: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(module.read_text())):
        match node:
            case ast.Import(names=names):
                imported |= {name.name.partition(".")[0] for name in names}
            case ast.ImportFrom(module=str(name), level=0):
                imported.add(name.partition(".")[0])
    assert "installhub" not in imported
