"""Generates blocks of template.yaml, such as the gateway responses, the dashboard and the functions' outputs.

python -m tools.template           write the block between each pair of markers
python -m tools.template --check   fail if a block is out of date
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tools.template import application, dashboard, gateway_responses, outputs, preflight_routes

TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"

BLOCKS: Final[dict[str, Callable[[str], str]]] = {
    "  # {} application\n": application.render,
    "      # {} gateway responses\n": gateway_responses.render,
    "      # {} preflight routes\n": preflight_routes.render,
    "  # {} dashboard\n": dashboard.render,
    "  # {} functions\n": outputs.render,
}
"""The renderer of each block, by its marker."""


def render(template: str) -> str:
    """``template`` with all blocks up to date.

    Raises:
        ValueError: A marker is missing.
    """
    for marker, render_block in BLOCKS.items():
        begin, end = marker.format("begin"), marker.format("end")
        before, found, rest = template.partition(begin)
        _, ends, after = rest.partition(end)
        if not found or not ends:
            raise ValueError(f"template.yaml lacks the marker {(begin if not found else end).strip()!r}")
        template = f"{before}{begin}{render_block(template)}{end}{after}"
    return template


def main() -> int:
    """Run the command."""
    current = TEMPLATE.read_text()
    expected = render(current)
    if "--check" in sys.argv:
        if current != expected:
            print("template.yaml: a generated block is out of date; run `make template`")
        return int(current != expected)
    TEMPLATE.write_text(expected)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
