"""Runs `plots.py`, which has a separate environment."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from local.state import PROJECT
from tests.load.generator import RESULTS

PYTHON = PROJECT / ".tools" / "bench" / "bin" / "python"


def draw(name: str, figures: object) -> None:
    """Draw the plot ``name`` in the documentation if figures are being updated, else next to the run's results."""
    file = RESULTS / f"{name}.json"
    file.write_text(json.dumps(figures), encoding="utf-8")
    updating = os.environ.get("INSTALLHUB_FIGURES") == "write"
    folder = PROJECT / "docs" / "reliability" if updating else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    program = Path(__file__).with_name("plots.py")
    subprocess.run([PYTHON, program, name, file, folder / f"load-{name}.png"], check=True, timeout=120)  # noqa: S603  # fixed command
