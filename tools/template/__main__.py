"""Writes the generated blocks of template.yaml: gateway responses, dashboard and the functions' outputs.

python -m tools.template           rewrite what stands between each pair of markers
python -m tools.template --check   fail if anything would change
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tools.template import dashboard, gateway_responses, outputs

TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"

BLOCKS: Final[dict[str, Callable[[str], str]]] = {
    "      # {} gateway responses\n": gateway_responses.render,
    "  # {} dashboard\n": dashboard.render,
    "  # {} functions\n": outputs.render,
}
"""What renders a block from the template, by its marker."""


def render(template: str) -> str:
    """``template`` with every block as it should be.

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
    wanted = render(current)
    if "--check" in sys.argv:
        if current != wanted:
            print("template.yaml: a generated block is out of date; run `make template`")
        return int(current != wanted)
    TEMPLATE.write_text(wanted)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
