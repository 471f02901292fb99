"""Row 7: an export end to end against a straightforward script, and its memory."""

from __future__ import annotations

import graphlib
import io
import json
import statistics
import subprocess
import sys
import time
import zipfile
from typing import TYPE_CHECKING, Any, Final

from bench import dynamodb, stub_s3
from bench.database import ARTIFACTS, PACKAGES, WHOLE, Database
from bench.harness import PROJECT, Outcome, at_most, peak_memory, save, say
from bench.samples import LARGE, artifact_id
from installhub.artifacts import PackageType
from installhub.catalog import ArtifactTable, DefinitionReader
from installhub.exporting import ExportCommand, Exporter
from installhub.packages import BundleStore, PackageStore
from installhub.resolver import Limits

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

SIZES: Final = (5_000, 10_000)
ROUNDS: Final = 3
DELAY: Final = 0.005


def run(database: Database, s3_endpoint: str) -> list[Outcome]:
    """All of row 7."""
    endpoints = (database.endpoint, s3_endpoint)
    small, large = (database.tenant(size, LARGE).name for size in SIZES)
    database.whole(SIZES[0], LARGE)
    ways = ("ours", "script", "ours, delayed", "script, delayed")
    taken: dict[str, list[float]] = {way: [] for way in ways}
    peaks: dict[int, list[float]] = {size: [] for size in SIZES}
    _elsewhere("ours", small, *endpoints)  # Java compiles what it runs often
    for turn in range(ROUNDS):
        for way, results in taken.items():
            if way.endswith("delayed") and turn:
                continue  # the script takes a minute, half of it waiting, which does not vary
            seconds, peak = _elsewhere(way, small, *endpoints)
            results.append(seconds)
            if way == "ours":
                peaks[SIZES[0]].append(peak)
                peaks[SIZES[1]].append(_elsewhere(way, large, *endpoints)[1])
        say(
            f"round {turn + 1} of {ROUNDS}: {', '.join(f'{way} {results[-1]:.1f} s' for way, results in taken.items())}"
        )
    memory = {size: statistics.median(found) for size, found in peaks.items()}
    medians = {way: statistics.median(seconds) for way, seconds in taken.items()}
    save("exporting", {"seconds": medians, "peaks": {str(size): peak for size, peak in memory.items()}})
    script = "depth-first GetItem of whole items, graphlib, zipfile level 6 in memory, put_object"
    return [
        at_most(
            "7 exporting: time",
            _ratio(taken, "ours", "script"),
            0.25,
            f"{medians['ours']:.1f} s against {medians['script']:.1f} s of a script ({script}); {SIZES[0]:,} definitions of "
            f"{LARGE:,} bytes; DynamoDB Local, stub for S3, fresh processes; median of {ROUNDS}",
        ),
        at_most(
            "7 exporting: time with 5 ms a request",
            _ratio(taken, "ours, delayed", "script, delayed"),
            0.12,
            f"{medians['ours, delayed']:.1f} s against {medians['script, delayed']:.1f} s, the same with 5 ms of waiting before "
            "each request of either; once",
        ),
        at_most(
            "7 exporting: memory",
            memory[SIZES[1]] / memory[SIZES[0]],
            1.15,
            f"peak of the process {memory[SIZES[1]]:.0f} MB for {SIZES[1]:,} artifacts, {memory[SIZES[0]]:.0f} MB for {SIZES[0]:,}",
        ),
    ]


def _ratio(taken: dict[str, list[float]], ours: str, peer: str) -> float:
    return statistics.median(a / b for a, b in zip(taken[ours], taken[peer], strict=True))


def _elsewhere(way: str, tenant: str, endpoint: str, s3_endpoint: str) -> tuple[float, float]:
    """Seconds and peak memory of an export in a process of its own."""
    command = [sys.executable, "-m", "bench.exporting", way, tenant, endpoint, s3_endpoint]
    output = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True).stdout
    seconds, megabytes = json.loads(output)
    return seconds, megabytes


def ours(client: DynamoDBClient, s3: S3Client, tenant: str) -> int:
    """The product."""
    exporter = Exporter(
        ArtifactTable(client, ARTIFACTS),
        DefinitionReader(client, ARTIFACTS, lambda: s3, "definitions"),
        PackageStore(client, PACKAGES),
        BundleStore(lambda: s3, "bundles"),
        Limits(artifacts=1_000_000),
    )
    command = ExportCommand(
        tenant=tenant,
        requested_by="bench",
        name="Bench",
        version=f"1.0.{time.time_ns()}",
        package_type=PackageType.WORKFLOW,
        description=None,
        author=None,
        tags=(),
        roots=(artifact_id(0),),
    )
    return exporter.export(command, seconds_left=600).record.artifact_count


def script(client: DynamoDBClient, s3: S3Client, tenant: str) -> int:
    """What people would write."""
    found: dict[str, Any] = {}
    stack = [artifact_id(0)]
    while stack:
        name = stack.pop()
        if name in found:
            continue
        found[name] = client.get_item(TableName=WHOLE, Key={"tenant": {"S": tenant}, "id": {"S": name}})["Item"]
        stack.extend(dependency["S"] for dependency in found[name]["dependencies"]["L"])
    graph = {name: [dependency["S"] for dependency in item["dependencies"]["L"]] for name, item in found.items()}
    order = list(graphlib.TopologicalSorter(graph).static_order())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr("manifest.json", json.dumps({"installOrder": order}))
        for name in order:
            archive.writestr(f"artifacts/{name}.json", found[name]["definition"]["S"])
    s3.put_object(Bucket="bundles", Key="script.zip", Body=buffer.getvalue())
    return len(found)


def _main(way: str, tenant: str, endpoint: str, s3_endpoint: str) -> None:
    client, s3 = dynamodb.client(endpoint), stub_s3.client(s3_endpoint)
    if way.endswith("delayed"):
        for service in (client, s3):
            service.meta.events.register("before-send", lambda **_: time.sleep(DELAY))
    start = time.perf_counter()
    count = (ours if way.startswith("ours") else script)(client, s3, tenant)
    seconds = time.perf_counter() - start
    if count != int(tenant.partition("-")[0]):
        raise AssertionError(f"{count} artifacts of {tenant}")
    print(json.dumps([seconds, peak_memory()]))


if __name__ == "__main__":
    _main(*sys.argv[1:])
