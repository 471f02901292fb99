"""Draws the plots of docs/performance.md from the saved figures; runs in a separate virtual environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

PROJECT = Path(__file__).parents[1]
SCRATCH = PROJECT / ".local" / "bench"
FOLDER = PROJECT / "docs" / "performance"
OURS, PEER, NEUTRAL, LIMIT = "#1f6f8b", "#c9b38c", "#8a8a8a", "#b3261e"


def _load(topic: str) -> Any:  # noqa: ANN401  # JSON
    file = SCRATCH / f"{topic}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def _save(figure: Any, name: str) -> None:  # noqa: ANN401
    FOLDER.mkdir(parents=True, exist_ok=True)
    figure.savefig(FOLDER / f"{name}.png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)


def grid(cells: list[dict[str, Any]]) -> None:
    """The product compared with the cheaper alternative, one panel per metric."""
    figure, panels = plt.subplots(1, 3, figsize=(13, 4.4))
    styles = {2: ("o", "#1f6f8b"), 10: ("s", "#d08c2f"), 50: ("^", "#7b4b94")}
    for panel, metric in zip(panels, ("requests", "rounds", "read units"), strict=True):
        for depth, (marker, colour) in styles.items():
            chosen = [cell for cell in cells if cell["depth"] == depth]
            cheaper = [min(cell["levels"][metric], cell["query"][metric]) for cell in chosen]
            panel.scatter(
                *(cheaper, [cell["first"][metric] for cell in chosen]),
                marker=marker, facecolors="none", edgecolors=colour, s=42, alpha=0.8,
            )  # fmt: skip
            panel.scatter(
                *(cheaper, [cell["ours"][metric] for cell in chosen]),
                marker=marker, color=colour, s=42, alpha=0.8, label=f"depth {depth}",
            )  # fmt: skip
        ends = [0.8, max(max(cell["ours"][metric], cell["levels"][metric]) for cell in cells) * 1.3]
        panel.plot(ends, ends, color=NEUTRAL, lw=1, label="equal")
        panel.plot(ends, [2 * end for end in ends], color=LIMIT, lw=1, ls="--", label="twice (the limit)")
        panel.set(xscale="log", yscale="log", title=metric, xlabel="cheaper alternative, by this metric")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("product")
    panels[2].legend(fontsize=8, loc="lower right")
    figure.suptitle("Resolving closures of 5 to 5,000 artifacts in tenants of 100 to 100,000 (hollow: first time)")
    _save(figure, "grid")


def cold_start(figures: dict[str, dict[str, float]]) -> None:
    """CPU time and memory of each function's cold start."""
    names = sorted((name for name in figures["cpu"] if name != "baseline"), key=lambda name: figures["cpu"][name])
    figure, axis = plt.subplots(figsize=(9, 3.8))
    for offset, (what, colour, label) in enumerate((("cpu", OURS, "CPU time"), ("memory", PEER, "peak memory"))):
        axis.barh(
            [place + 0.38 * offset for place in range(len(names))], [figures[what][name] for name in names], 0.36,
            color=colour, label=label,
        )  # fmt: skip
    axis.axvline(1, color=NEUTRAL, lw=1)
    axis.axvline(1.1, color=LIMIT, lw=1, ls="--", label="limit, 1.1")
    axis.set_yticks([place + 0.19 for place in range(len(names))], names)
    axis.set(xlabel="multiple of `import boto3; boto3.client('dynamodb')`", title="Cold start of each function")
    axis.legend(fontsize=8, loc="lower right")
    _save(figure, "cold-start")


def exporting(figures: dict[str, Any]) -> None:
    """Duration of an export by the product and by the script."""
    seconds = figures["seconds"]
    figure, axis = plt.subplots(figsize=(7, 2.6))
    names = {
        "script, delayed": "script, 5 ms per request", "ours, delayed": "product, 5 ms per request",
        "script": "script", "ours": "product",
    }  # fmt: skip
    bars = axis.barh(
        list(names.values()),
        [seconds[key] for key in names],
        color=[PEER if "script" in key else OURS for key in names],
    )
    axis.bar_label(bars, fmt="%.1f s", padding=3)
    axis.set(xlabel="seconds", title="Export of 5,000 definitions of 50 KB")
    axis.margins(x=0.12)
    _save(figure, "exporting")


def zipping(figures: dict[str, Any]) -> None:
    """Throughput of writing JSON into a ZIP."""
    speed = figures["50 KB"]
    names = {"zipfile": "zipfile, level 6", "packing": "packing (at publish)", "passthrough": "copying (at export)"}
    figure, axis = plt.subplots(figsize=(7, 2.2))
    bars = axis.barh(list(names.values()), [speed[key] for key in names], color=[PEER, OURS, OURS])
    axis.bar_label(bars, fmt="{:,.0f} MB/s", padding=3)
    axis.set(xscale="log", xlabel="MB of JSON per second", title="Writing definitions of 50 KB into a ZIP")
    axis.margins(x=0.3)
    _save(figure, "zipping")


def cost(figures: dict[str, Any]) -> None:
    """Dollars per request by service."""
    figure, panels = plt.subplots(1, 2, figsize=(12, 4.6), sharey=True)
    colours = dict(zip(figures["prices"], plt.cm.tab10.colors, strict=False))
    for panel, way in zip(panels, ("preview", "export"), strict=True):
        points = figures["plotted"][way]
        sizes = [point["artifacts"] for point in points]
        panel.plot(
            sizes, [sum(point.values()) - point["artifacts"] for point in points], color="black", lw=2, label="total"
        )
        for name, colour in colours.items():
            dollars = [point.get(name, 0.0) for point in points]
            if any(dollars):
                panel.plot(sizes, dollars, marker="o", ms=3, color=colour, label=name)
        panel.set(
            xscale="log",
            yscale="log",
            title=f"one {way}",
            xlabel="artifacts in the closure (4 edges, 10 KB packed each)",
        )
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("US dollars")
    panels[1].legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.suptitle("Cost of a request on AWS")
    _save(figure, "cost")


if __name__ == "__main__":
    for draw in (grid, cold_start, exporting, zipping, cost):
        if (figures := _load(draw.__name__)) is not None:
            draw(figures)
