"""Writes a template for gradual deployments: `make rollout-template`.

python -m tools.rollout FILE [--parameters "Name=value ..."]
"""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path

from tools.rollout.merging import rollout_template


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tools.rollout")
    parser.add_argument("file", type=Path)
    parser.add_argument("--parameters", default="", help="the parameters of the deployment, as for sam deploy")
    arguments = parser.parse_args()
    words = [word.partition("=") for word in shlex.split(arguments.parameters)]
    if not all(equals for _, equals, _ in words):
        parser.error("--parameters: not of the form Name=value")
    try:
        merged = rollout_template({name: value for name, _, value in words})
    except ValueError as error:
        parser.error(str(error))
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    arguments.file.write_text(json.dumps(merged, indent=1), encoding="utf-8")
    print(arguments.file)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
