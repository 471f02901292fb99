"""Generates docs/openapi.json from the code of the API.

python -m tools.openapi           write it
python -m tools.openapi --check   fail if it is out of date
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from tools.openapi.document import document

PATH: Final = Path(__file__).parents[2] / "docs" / "openapi.json"


def main() -> int:
    """Run the command."""
    wanted = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
    if "--check" in sys.argv:
        stale = not PATH.exists() or PATH.read_text() != wanted
        if stale:
            print("docs/openapi.json is out of date; run `make openapi`")
        return int(stale)
    PATH.write_text(wanted)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
