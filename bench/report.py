"""Generates the parts of docs/performance.md between the markers `begin NAME` and `end NAME`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from bench.harness import PROJECT, load_figures

if TYPE_CHECKING:
    from bench.harness import Outcome

DOCUMENT: Final = PROJECT / "docs" / "performance.md"


def render_document(outcomes: Sequence[Outcome]) -> None:
    """Update the generated parts; those without saved figures stay unchanged."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, content in (
        ("results", _results(outcomes)),
        ("grid", _grid(load_figures("grid"))),
        ("cost", _cost(load_figures("cost"))),
    ):
        if content:
            pattern = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
            text = pattern.sub(lambda found: f"{found[1]}\n{content}\n\n{found[2]}", text)  # noqa: B023  # called at once
    DOCUMENT.write_text(text, encoding="utf-8")


def _results(outcomes: Sequence[Outcome]) -> str:
    lines = ["| measurement | figure | limit | met | details |", "|---|---|---|---|---|"]
    for outcome in outcomes:
        figure = "-" if outcome.ratio is None else f"{outcome.ratio:.3g}"
        lines.append(
            f"| {outcome.name} | {figure} | {outcome.bar} | {'yes' if outcome.holds else '**no**'} | {_cell(outcome.how)} |"
        )
    return "\n".join(lines)


def _grid(cells: list[dict[str, Any]] | None) -> str:
    if cells is None:
        return ""
    lines = [
        "Requests / rounds / read units of each method.",
        "",
        "| tenant | closure | depth | product, repeated | product, first time | by level | whole tenant |",
        "|---|---|---|---|---|---|---|",
    ]
    for cell in cells:
        ways = (
            " / ".join(f"{cell[way][metric]:g}" for metric in ("requests", "rounds", "read units"))
            for way in ("ours", "first", "levels", "query")
        )
        lines.append(f"| {cell['tenant']:,} | {cell['closure']:,} | {cell['depth']} | {' | '.join(ways)} |")
    return "\n".join(lines)


def _cost(figures: dict[str, Any] | None) -> str:
    if figures is None:
        return ""
    lines = ["| unit | US dollars per million | source |", "|---|---|---|"]
    lines += [f"| {name} | {price['per_million']:g} | {price['source']} |" for name, price in figures["prices"].items()]
    for way, model in figures["models"].items():
        lines += [
            "",
            f"Units of one {way}:",
            "",
            "| unit | fixed | per 1,000 artifacts | per 1,000 edges | per MB packed |",
        ]
        lines.append("|---|---|---|---|---|")
        for name, weights in model.items():
            figure = (weights["request"], weights["artifact"] * 1e3, weights["edge"] * 1e3, weights["megabyte"])
            lines.append(f"| {name} | {' | '.join(f'{value:.3g}' if abs(value) > 1e-6 else '0' for value in figure)} |")
    for way, points in figures["plotted"].items():
        lines += [
            "",
            f"US dollars per million {way}s, with four edges and 10 KB of packed definition per artifact:",
            "",
        ]
        lines += ["| artifacts | " + " | ".join(f"{point['artifacts']:,}" for point in points) + " |"]
        lines += ["|---|" + "---|" * len(points)]
        totals = [sum(value for name, value in point.items() if name != "artifacts") * 1e6 for point in points]
        lines += ["| total | " + " | ".join(f"{total:,.2f}" for total in totals) + " |"]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
