"""Draws docs/architecture-layers.svg from the layer's code and the import contract in pyproject.toml.

python -m tools.architecture           write it
python -m tools.architecture --check   fail if it would change
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tools.architecture.drawing import draw
from tools.architecture.structure import read_structure

ROOT: Final = Path(__file__).parents[2]
PICTURE: Final = ROOT / "docs" / "architecture-layers.svg"


def main() -> int:
    """Run the command."""
    wanted = draw(read_structure("installhub", ROOT / "pyproject.toml"))
    if "--check" in sys.argv:
        stale = not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != wanted
        if stale:
            print("docs/architecture-layers.svg differs from the code; run `make architecture`")
        return int(stale)
    PICTURE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
