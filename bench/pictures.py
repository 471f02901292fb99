"""Row 15: the SVG of a package with 500 artifacts, compared with parsing that SVG."""

from __future__ import annotations

import random
import time
from typing import Final
from xml.etree import ElementTree as ET

from bench.harness import Outcome, at_most, log_progress, time_alternately
from installhub.graphs.graph import Edge, Graph, Node
from installhub.graphs.svg import draw_svg
from installhub.model.artifact import ArtifactType

NODES: Final = 500
EDGES: Final = 990
ROUNDS: Final = 9
MAX_SECONDS: Final = 1.0
MAX_RATIO: Final = 80
"""Of the time of the parser, which is written in C. It is about 40: the limit is reached if drawing takes twice as long."""


def run() -> list[Outcome]:
    """Measure row 15."""
    graph = sample()
    svg = draw_svg(graph)
    log_progress(f"{NODES} nodes, {len(graph.edges)} edges: {len(svg):,} characters of SVG")
    timed = time_alternately(
        {"ours": lambda: draw_svg(graph), "parser": lambda: ET.fromstring(svg)},  # noqa: S314  # our own output
        ROUNDS,
        time.process_time,
    )
    seconds = timed.median("ours")
    how = (
        f"draw_svg of {NODES} nodes and {len(graph.edges)} edges on one core, {seconds:.3f} s, "
        f"{len(svg):,} characters; median of {ROUNDS} rounds"
    )
    return [
        at_most("15 pictures: svg of 500 nodes, CPU seconds", seconds, MAX_SECONDS, how),
        at_most(
            "15 pictures: svg of 500 nodes, CPU",
            timed.ratio("ours", "parser"),
            MAX_RATIO,
            f"{how}; versus {timed.median('parser'):.4f} s in which ElementTree parses it",
        ),
    ]


def sample() -> Graph:
    """An acyclic graph of about 25 levels: everything is used by something later, and dependencies span any distance."""
    rng = random.Random(7)  # noqa: S311  # not for security
    used = [(rng.randrange(index + 1, min(NODES, index + 1 + NODES // 4)), index) for index in range(NODES - 1)]
    links = set(used)
    while len(links) < EDGES:
        source = rng.randrange(1, NODES)
        links.add((source, min(source - 1, int(source * rng.random() ** 1.3))))
    kinds = list(ArtifactType)
    nodes = [
        Node(
            f"artifact-{index}",
            f"Artifact number {index}",
            kinds[index * len(kinds) // NODES],
            is_root=index == NODES - 1,
        )
        for index in range(NODES)
    ]
    edges = [Edge(f"artifact-{source}", f"artifact-{target}") for source, target in sorted(links)]
    return Graph("Sample 1.0.0", tuple(nodes), tuple(edges))
