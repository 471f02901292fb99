"""Writes template.yaml with all options off and with all options on, and the same with the additions of rollout.yaml.

python -m tools.options FOLDER

The files in FOLDER are for cfn-lint and SAM: `make check-template`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tools.options.states import write


def main() -> int:
    """Run the command."""
    (folder,) = sys.argv[1:]
    for file in write(Path(folder)):
        print(file)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
