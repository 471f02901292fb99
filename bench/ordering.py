"""Row 5: install order against `graphlib.TopologicalSorter`."""

from __future__ import annotations

import dataclasses
import graphlib
import os
import pickle
import random
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from bench.harness import PROJECT, Outcome, at_most, log_progress, time_alternately
from bench.samples import node
from installhub.model.artifact import ArtifactNode
from installhub.resolver.cycles import find_cycles
from installhub.resolver.order import install_order

NODES: Final = 100_000
EDGES_EACH: Final = 4
MAX_DISTANCE: Final = 5_000
ROUNDS: Final = 5
CYCLE_ROUNDS: Final = 3
CYCLE_LENGTHS: Final = (2, 10, 50)


def run() -> list[Outcome]:
    """All of row 5."""
    nodes = with_separate_strings(sample())
    graph = {artifact_id: found.dependencies for artifact_id, found in nodes.items()}
    edges = sum(map(len, graph.values()))
    what = f"{len(nodes):,} nodes, {edges:,} edges, in the order a breadth-first walk finds them"
    log_progress(what)
    timed = time_alternately(
        {"ours": lambda: install_order(nodes), "graphlib": lambda: static_order(graph)}, ROUNDS, time.process_time
    )
    peaks = {"ours": peak(lambda: install_order(nodes)), "graphlib": peak(lambda: static_order(graph))}
    cycles = [time_planted_cycle(nodes, walk) for walk in CYCLE_LENGTHS]
    worst = max(cycles)
    return [
        at_most(
            "5 ordering: time",
            timed.ratio("ours", "graphlib"),
            0.7,
            f"CPU of install_order {timed.median('ours'):.3f} s against graphlib.TopologicalSorter.static_order "
            f"{timed.median('graphlib'):.3f} s, which gives no particular order; {what}",
        ),
        at_most(
            "5 ordering: memory",
            peaks["ours"] / peaks["graphlib"],
            1.0,
            f"tracemalloc peak {peaks['ours'] / 1e6:.1f} MB against {peaks['graphlib'] / 1e6:.1f} MB",
        ),
        at_most(
            "5 ordering: same order",
            count_different_orders(nodes),
            0,
            "number of orders that differ from the first, of 3 shuffles of artifacts and dependencies and 3 hash seeds",
        ),
        at_most(
            "5 ordering: cycle",
            worst[0],
            1.5,
            "CPU until a path is known, ordering included, against graphlib.TopologicalSorter.prepare; the worst of: "
            + "; ".join(
                f"{walk} steps closed to a circle {ratio:.2f} ({ours:.2f} s / {peer:.2f} s)"
                for walk, (ratio, ours, peer) in zip(CYCLE_LENGTHS, cycles, strict=True)
            ),
        ),
    ]


def sample() -> dict[str, ArtifactNode]:
    """A random graph in breadth-first order."""
    chance = random.Random(5)  # noqa: S311  # nothing secret
    below = {
        number: sorted({chance.randrange(max(0, number - MAX_DISTANCE), number) for _ in range(EDGES_EACH)})
        if number
        else []
        for number in range(NODES)
    }
    needed = {number for numbers in below.values() for number in numbers}
    reached = dict.fromkeys(number for number in reversed(below) if number not in needed)
    queue = list(reached)
    for number in queue:
        for dependency in below[number]:
            if dependency not in reached:
                reached[dependency] = None
                queue.append(dependency)
    nodes = (node(number, below[number]) for number in queue)
    return {found.id: found for found in nodes}


def with_separate_strings(nodes: Mapping[str, ArtifactNode]) -> dict[str, ArtifactNode]:
    """The same with texts of their own in every artifact, as they come out of an answer of DynamoDB."""
    return {artifact_id: pickle.loads(pickle.dumps(found)) for artifact_id, found in nodes.items()}  # noqa: S301


def static_order(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """What people would write."""
    return list(graphlib.TopologicalSorter(graph).static_order())


def peak(run: Callable[[], object]) -> int:
    """Bytes that Python allocates at most while ``run`` runs."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def time_planted_cycle(nodes: Mapping[str, ArtifactNode], walk: int) -> tuple[float, float, float]:
    """Ratio and times for a graph in which the end of a walk of some steps leads back to its start."""
    start = next(artifact_id for artifact_id, found in nodes.items() if found.dependencies)
    end = start
    for _ in range(walk - 1):
        end = nodes[end].dependencies[-1] if nodes[end].dependencies else end
    found = nodes[end]
    graph = {**nodes, end: dataclasses.replace(found, dependencies=(*found.dependencies, start))}
    bare = {artifact_id: found.dependencies for artifact_id, found in graph.items()}

    def ours() -> None:
        order = install_order(graph)
        if not find_cycles(graph, graph.keys() - set(order)):
            raise AssertionError("no cycle found")

    def peer() -> None:
        try:
            graphlib.TopologicalSorter(bare).prepare()
        except graphlib.CycleError:
            return
        raise AssertionError("no cycle found")

    timed = time_alternately({"ours": ours, "graphlib": peer}, CYCLE_ROUNDS, time.process_time)
    return timed.ratio("ours", "graphlib"), timed.median("ours"), timed.median("graphlib")


def count_different_orders(nodes: Mapping[str, ArtifactNode]) -> int:
    """How many shuffles and hash seeds give another order."""
    expected = digest(install_order(nodes))
    chance = random.Random(6)  # noqa: S311  # nothing secret
    found = []
    for _ in range(3):
        shuffled = {
            name: dataclasses.replace(
                nodes[name], dependencies=tuple(chance.sample(nodes[name].dependencies, len(nodes[name].dependencies)))
            )
            for name in chance.sample(list(nodes), len(nodes))
        }
        found.append(digest(install_order(shuffled)))
    with ThreadPoolExecutor() as pool:
        found.extend(pool.map(digest_with_hash_seed, ("1", "2", "3")))
    return sum(other != expected for other in found)


def digest_with_hash_seed(seed: str) -> str:
    """The order in short, as a process with that hash seed finds it."""
    return subprocess.run(
        [sys.executable, "-m", "bench.ordering"],
        cwd=PROJECT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def digest(order: Iterable[str]) -> str:
    """The order in short."""
    import hashlib  # noqa: PLC0415

    return hashlib.sha256("\n".join(order).encode()).hexdigest()


if __name__ == "__main__":
    print(digest(install_order(sample())))
