"""Row 5: the install order, compared with `graphlib.TopologicalSorter`."""

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
    """Measure row 5."""
    nodes = with_separate_strings(sample())
    graph = {artifact_id: found.dependencies for artifact_id, found in nodes.items()}
    edges = sum(map(len, graph.values()))
    what = f"{len(nodes):,} nodes, {edges:,} edges, in breadth-first order"
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
            f"CPU time of install_order {timed.median('ours'):.3f} s, versus {timed.median('graphlib'):.3f} s of "
            f"graphlib.TopologicalSorter.static_order, whose order is arbitrary; {what}",
        ),
        at_most(
            "5 ordering: memory",
            peaks["ours"] / peaks["graphlib"],
            1.0,
            f"tracemalloc peak {peaks['ours'] / 1e6:.1f} MB, versus {peaks['graphlib'] / 1e6:.1f} MB",
        ),
        at_most(
            "5 ordering: deterministic order",
            count_different_orders(nodes),
            0,
            "number of orders that differ from the first, for 3 shuffles of artifacts and dependencies and 3 hash seeds",
        ),
        at_most(
            "5 ordering: cycle",
            worst[0],
            1.5,
            "CPU time until the path of a cycle is found, including ordering, versus graphlib.TopologicalSorter.prepare; the worst of: "
            + "; ".join(
                f"cycle of {walk} steps {ratio:.2f} ({ours:.2f} s / {peer:.2f} s)"
                for walk, (ratio, ours, peer) in zip(CYCLE_LENGTHS, cycles, strict=True)
            ),
        ),
    ]


def sample() -> dict[str, ArtifactNode]:
    """A random graph in breadth-first order."""
    rng = random.Random(5)  # noqa: S311  # not security-relevant
    below = {
        number: sorted({rng.randrange(max(0, number - MAX_DISTANCE), number) for _ in range(EDGES_EACH)})
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
    """The same nodes without shared strings, as they are parsed from DynamoDB's responses."""
    return {artifact_id: pickle.loads(pickle.dumps(found)) for artifact_id, found in nodes.items()}  # noqa: S301


def static_order(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """The order by graphlib."""
    return list(graphlib.TopologicalSorter(graph).static_order())


def peak(run: Callable[[], object]) -> int:
    """Peak of the memory that Python allocates in ``run``, in bytes."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def time_planted_cycle(nodes: Mapping[str, ArtifactNode], walk: int) -> tuple[float, float, float]:
    """Ratio and times for a graph with an edge from the end of a path of ``walk`` steps back to its start."""
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
    """The number of shuffles and hash seeds that result in a different order."""
    expected = digest(install_order(nodes))
    rng = random.Random(6)  # noqa: S311  # not security-relevant
    found = []
    for _ in range(3):
        shuffled = {
            name: dataclasses.replace(
                nodes[name], dependencies=tuple(rng.sample(nodes[name].dependencies, len(nodes[name].dependencies)))
            )
            for name in rng.sample(list(nodes), len(nodes))
        }
        found.append(digest(install_order(shuffled)))
    with ThreadPoolExecutor() as pool:
        found.extend(pool.map(digest_with_hash_seed, ("1", "2", "3")))
    return sum(other != expected for other in found)


def digest_with_hash_seed(seed: str) -> str:
    """The digest of the order in a process with that hash seed."""
    return subprocess.run(
        [sys.executable, "-m", "bench.ordering"],
        cwd=PROJECT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def digest(order: Iterable[str]) -> str:
    """A digest of the order."""
    import hashlib  # noqa: PLC0415

    return hashlib.sha256("\n".join(order).encode()).hexdigest()


if __name__ == "__main__":
    print(digest(install_order(sample())))
