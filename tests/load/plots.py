"""Draws a plot of the load tests: `plots.py NAME FIGURES.json PICTURE.png`, in the environment of bench/plots.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

OURS, PEER, THIRD, BAR = "#1f6f8b", "#c9b38c", "#8a8a8a", "#b3261e"


def callers(figures: dict[str, dict[str, float]]) -> Any:  # noqa: ANN401  # a matplotlib figure
    """Plot throughput and latency by the number of callers."""
    numbers = [int(number) for number in figures]

    def of(what: str, factor: float = 1) -> list[float]:
        return [factor * found[what] for found in figures.values()]

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.4))
    left.plot(
        numbers, of("baseline per second"), marker="s", color=PEER, label="a function that does nothing (baseline)"
    )
    left.plot(numbers, of("per second"), marker="o", color=OURS, label="the mix of requests")
    left.set(ylabel="responses per second", title="Throughput")
    left.set_ylim(bottom=0)
    for name, style in (("p99", ":"), ("p95", "--"), ("p50", "-")):
        right.plot(numbers, of(name, 1000), marker="o", ls=style, color=OURS, label=name)
    right.plot(numbers, of("baseline p99", 1000), marker="s", ls=":", color=PEER, label="baseline, p99")
    right.plot(numbers, of("baseline p50", 1000), marker="s", color=PEER, label="baseline, p50")
    right.set(yscale="log", ylabel="milliseconds", title="Latency")
    for panel in (left, right):
        panel.set(xscale="log", xlabel="concurrent callers")
        panel.set_xticks(numbers, [str(number) for number in numbers])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8)
    figure.suptitle("Callers, emulator and functions share the two cores of one machine")
    return figure


def soak(figures: dict[str, Any]) -> Any:  # noqa: ANN401
    """Plot memory and open files over time, for one process of each function and for the emulator."""
    colours = dict(zip(figures["functions"], plt.cm.tab10.colors, strict=False))
    figure, panels = plt.subplots(1, 3, figsize=(15, 4.4), layout="constrained")
    for panel, what in zip(panels, ("memory", "files", "emulator"), strict=True):
        found = figures["functions"] if what != "emulator" else {"emulator": figures["emulator"]}
        for name, series in found.items():
            values = [value / 1e6 for value in series["memory"]] if what != "files" else series["files"]
            minutes = [second / 60 for second in series["seconds"]]
            panel.plot(minutes, values, color=colours.get(name, THIRD), lw=1.6, label=name)
        for quarter in (2, 4):
            panel.axvspan(
                (quarter - 1) * figures["until"] / 240, quarter * figures["until"] / 240, color=PEER, alpha=0.2
            )
        panel.set_ylim(bottom=0)
        panel.set(xlabel="minutes")
        panel.grid(alpha=0.3)
    panels[0].set(ylabel="MB resident", title="Functions: memory of a process")
    panels[1].set(ylabel="open files", title="Functions: open files of a process")
    panels[2].set(ylabel="MB resident", title="The emulator of AWS: memory")
    panels[0].legend(fontsize=8, ncols=2, loc="lower left")
    figure.suptitle(f"{figures['rate']:.0f} requests per second; the compared quarters are shaded")
    return figure


def main() -> None:
    """Draw the plot named on the command line."""
    name, source, target = sys.argv[1:]
    figure = {"callers": callers, "soak": soak}[name](json.loads(Path(source).read_text(encoding="utf-8")))
    figure.savefig(target, dpi=110, bbox_inches="tight", metadata={"Software": None})


if __name__ == "__main__":
    main()
