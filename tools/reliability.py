"""Generates the tables of docs/reliability.md from the figures that the tests have recorded.

python -m tools.reliability           write them
python -m tools.reliability --check   fail if a table is out of date
"""

from __future__ import annotations

import fcntl
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "reliability.md"
FIGURES: Final = DOCUMENT.parent / "reliability" / "figures.json"

_PART = re.compile(r"(<!-- begin (?P<topic>[a-z-]+) -->\n).*?(<!-- end (?P=topic) -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Figure:
    """A result of a test.

    Attributes:
        topic: The section of the page that shows it.
        what: What was counted or timed, in a few words; identifies the figure within its topic across runs.
        figure: The result, with its unit.
        how: How it was measured: on what, against what, how often.
    """

    topic: str
    what: str
    figure: str
    how: str = ""


def save_figures(figures: Iterable[Figure]) -> None:
    """Save ``figures`` in place of those of earlier runs. Safe to call from several processes concurrently."""
    FIGURES.parent.mkdir(exist_ok=True)
    with FIGURES.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = {(figure.topic, figure.what): figure for figure in _load_figures()}
        known.update({(figure.topic, figure.what): figure for figure in figures})
        listed = [asdict(known[key]) for key in sorted(known)]
        FIGURES.write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def render(page: str, figures: Iterable[Figure]) -> str:
    """``page`` with the table of each topic's ``figures`` between its markers `begin TOPIC` and `end TOPIC`.

    Raises:
        LookupError: The page has no section for the topic of a figure.
    """
    tables: dict[str, list[str]] = {}
    for figure in figures:
        row = " | ".join(text.replace("|", "\\|") for text in (figure.what, figure.figure, figure.how))
        tables.setdefault(figure.topic, ["| what | figure | how |", "|---|---|---|"]).append(f"| {row} |")

    def table(part: re.Match[str]) -> str:
        lines = tables.pop(part["topic"], ["Not run yet."])
        return part[1] + "\n" + "\n".join(lines) + "\n\n" + part[3]

    rendered = _PART.sub(table, page)
    if tables:
        raise LookupError(f"docs/reliability.md has no section for {', '.join(sorted(tables))}")
    return rendered


def _load_figures() -> list[Figure]:
    if not FIGURES.exists():
        return []
    return [Figure(**figure) for figure in json.loads(FIGURES.read_text(encoding="utf-8"))]


def main() -> int:
    """Run the command."""
    page = DOCUMENT.read_text(encoding="utf-8")
    rendered = render(page, _load_figures())
    if rendered == page:
        return 0
    if "--check" in sys.argv:
        print(
            "docs/reliability.md: a table differs from docs/reliability/figures.json; run `python -m tools.reliability`"
        )
        return 1
    DOCUMENT.write_text(rendered, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
