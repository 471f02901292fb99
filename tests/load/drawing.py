"""Hands figures on to `plots.py`, which runs in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from local.state import PROJECT
from tests.load.generator import SCRATCH

PYTHON = PROJECT / ".tools" / "bench" / "bin" / "python"


def draw(name: str, figures: object) -> None:
    """Draw the plot ``name``: for the page where figures are being renewed, else beside the run's answers."""
    file = SCRATCH / f"{name}.json"
    file.write_text(json.dumps(figures), encoding="utf-8")
    renewing = os.environ.get("INSTALLHUB_FIGURES") == "write"
    folder = PROJECT / "docs" / "reliability" if renewing else SCRATCH
    folder.mkdir(parents=True, exist_ok=True)
    program = Path(__file__).with_name("plots.py")
    subprocess.run([PYTHON, program, name, file, folder / f"load-{name}.png"], check=True, timeout=120)  # noqa: S603  # ours
