"""Writes template.yaml with all options off and with all options on, and the same for gradual deployments.

python -m tools.options FOLDER

The files in FOLDER are for cfn-lint, checkov and SAM: `make check-template`, `make check-security`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tools.options.rendering import Rendering
from tools.options.states import ALL_ON
from tools.rollout.merging import rollout_template, template


def states() -> dict[str, dict[str, Any]]:
    """The templates to check, by file name."""
    plain, gradual = template(), rollout_template(ALL_ON)
    return {
        "options-off.json": Rendering(plain, {}).render(),
        "options-on.json": Rendering(plain, ALL_ON).render(),
        "rollout-off.json": Rendering(gradual, {}).render(),
        "rollout-on.json": Rendering(gradual, ALL_ON).render(),
    }


def write(folder: Path) -> list[Path]:
    """Write the templates into a folder and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, content in states().items():
        files.append(folder / name)
        files[-1].write_text(json.dumps(content, indent=1), encoding="utf-8")
    return files


def main() -> int:
    """Run the command."""
    (folder,) = sys.argv[1:]
    for file in write(Path(folder)):
        print(file)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
