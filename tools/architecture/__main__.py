"""Writes docs/architecture-layers.svg, the rooms of the layer and their imports, from contracts and code.

python -m tools.architecture           write it
python -m tools.architecture --check   fail if it would change
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tools.architecture.drawing import draw
from tools.architecture.rooms import read_building, read_contracts

ROOT: Final = Path(__file__).parents[2]
PICTURE: Final = ROOT / "docs" / "architecture-layers.svg"
PACKAGE: Final = "installhub"


def main() -> int:
    """Run the command."""
    wanted = draw(read_building(PACKAGE, read_contracts(ROOT / "pyproject.toml")), PACKAGE)
    if PICTURE.exists() and PICTURE.read_text(encoding="utf-8") == wanted:
        return 0
    if "--check" in sys.argv:
        print("docs/architecture-layers.svg differs from the code; run `make architecture`")
        return 1
    PICTURE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
