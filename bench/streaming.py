"""Row 8: streaming a gigabyte of packed definitions to S3, in a new process each time."""

from __future__ import annotations

import io
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

from bench import stub_s3
from bench.harness import PROJECT, Outcome, Timed, at_least, at_most, log_progress, peak_memory, save_figures
from bench.samples import node
from installhub.bundler.bundle import write_bundle
from installhub.model.definition import PackedDefinition
from installhub.packages.bundle_store import BundleStore

COUNT: Final = 20_480
PACKED: Final = 52_429
"""Size of a packed definition in bytes, for a bundle of 1 GiB."""
ROUNDS: Final = 3


def run(endpoint: str) -> list[Outcome]:
    """Measure row 8."""
    found: dict[str, list[tuple[float, float]]] = {"ours": [], "in memory": []}
    for turn in range(ROUNDS):
        for name, results in found.items():
            results.append(_run_in_subprocess(name, endpoint))
        log_progress(
            f"round {turn + 1} of {ROUNDS}: {', '.join(f'{name} {took[-1][0]:.2f} s, +{took[-1][1]:.0f} MB' for name, took in found.items())}"
        )
    timed = Timed({name: [taken for taken, _ in results] for name, results in found.items()})
    seconds = {name: timed.median(name) for name in found}
    grown = {name: statistics.median(memory for _, memory in results) for name, results in found.items()}
    save_figures("streaming", {"seconds": seconds, "megabytes": grown})
    return [
        at_most(
            "8 streaming: memory",
            grown["ours"],
            64,
            f"growth of the process's peak memory in MB, for a bundle of {COUNT * PACKED / 2**30:.2f} GiB with {COUNT:,} packed "
            f"definitions; built in memory and sent by one put_object: {grown['in memory']:,.0f} MB",
        ),
        at_least(
            "8 streaming: throughput",
            timed.ratio("in memory", "ours"),
            0.9,
            f"{COUNT * PACKED / seconds['ours'] / 1e6:,.0f} MB/s, versus {COUNT * PACKED / seconds['in memory'] / 1e6:,.0f} "
            "MB/s for the same entries written to memory, hashed and sent by one put_object; to a stub that discards "
            "uploads",
        ),
    ]


def _run_in_subprocess(name: str, endpoint: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "bench.streaming", name, endpoint]
    output = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    seconds, megabytes = json.loads(output)
    return seconds, megabytes


def _definitions() -> Iterator[PackedDefinition]:
    content = bytes(range(256)) * (PACKED // 256) + bytes(PACKED % 256)
    for number in range(COUNT):
        # distinct objects, as from the definition reader
        yield PackedDefinition((number.to_bytes(4, "big") + content[4:],), PACKED, number, PACKED * 5)


def stream_with_product(endpoint: str) -> None:
    """Write and upload with the product."""
    s3 = stub_s3.client(endpoint)
    with BundleStore(lambda: s3, "bundles").upload("bundles/pkg/attempt.zip") as upload:
        write_bundle(upload.write, b"{}", [node(number, []) for number in range(COUNT)], _definitions())


def upload_from_memory(endpoint: str) -> None:
    """Build the same bundle in memory and upload it at once."""
    import hashlib  # noqa: PLC0415

    buffer = io.BytesIO()
    write_bundle(buffer.write, b"{}", [node(number, []) for number in range(COUNT)], _definitions())
    hashlib.sha256(buffer.getbuffer()).hexdigest()
    buffer.seek(0)
    stub_s3.client(endpoint).put_object(Bucket="bundles", Key="bundles/pkg/attempt.zip", Body=buffer)


if __name__ == "__main__":
    way: Callable[[str], None] = {"ours": stream_with_product, "in memory": upload_from_memory}[sys.argv[1]]
    stub_s3.client(sys.argv[2]).put_object(Bucket="warm", Key="up", Body=b"x")
    before, start = peak_memory(), time.perf_counter()
    way(sys.argv[2])
    print(json.dumps([time.perf_counter() - start, peak_memory() - before]))
