"""Row 7: duration and memory of a complete export, compared with a straightforward script."""

from __future__ import annotations

import graphlib
import io
import json
import statistics
import subprocess
import sys
import time
import zipfile
from typing import TYPE_CHECKING, Any, Final, NoReturn

from bench import dynamodb, stub_s3
from bench.database import ARTIFACTS, NAIVE, PACKAGES, Database
from bench.harness import PROJECT, CannotRunError, Outcome, Timed, at_most, log_progress, peak_memory, save_figures
from bench.samples import LARGE, artifact_id
from bench.signing import local_signer
from installhub.artifacts.catalog import ArtifactTable
from installhub.artifacts.definition_reader import DefinitionReader
from installhub.exports.commands import ExportCommand
from installhub.exports.exporter import Exporter
from installhub.model.artifact import PackageType
from installhub.packages.bundle_store import BundleStore
from installhub.packages.store import PackageStore
from installhub.resolver.plan import Limits

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

SIZES: Final = (5_000, 10_000)
ROUNDS: Final = 3
ROUNDS_BY_VARIANT: Final = {"ours": ROUNDS, "script": ROUNDS, "ours, delayed": 1, "script, delayed": 1}
"""Runs per variant. The delayed script takes a minute, half of it constant delays, so one run is enough."""
DELAY: Final = 0.005


def run(database: Database, s3_endpoint: str) -> list[Outcome]:
    """Measure row 7."""
    endpoints = (database.endpoint, s3_endpoint)
    small, large = (database.tenant(size, LARGE).name for size in SIZES)
    database.with_naive_table(SIZES[0], LARGE)
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in ROUNDS_BY_VARIANT}
    peaks_of_large = []
    _run_in_subprocess("ours", small, *endpoints)  # warm up the JVM of DynamoDB Local
    for turn in range(ROUNDS):
        for way, rounds in ROUNDS_BY_VARIANT.items():
            if turn < rounds:
                found[way].append(_run_in_subprocess(way, small, *endpoints))
                log_progress(f"round {turn + 1} of {rounds}: {way} {found[way][-1][0]:.1f} s")
        peaks_of_large.append(_run_in_subprocess("ours", large, *endpoints)[1])
    timed = Timed({way: [seconds for seconds, _ in results] for way, results in found.items()})
    medians = {way: timed.median(way) for way in ROUNDS_BY_VARIANT}
    peaks = (statistics.median(peak for _, peak in found["ours"]), statistics.median(peaks_of_large))
    save_figures("exporting", {"seconds": medians, "peaks": dict(zip(map(str, SIZES), peaks, strict=True))})
    script = "depth-first GetItem of items with definitions, graphlib, zipfile level 6 in memory, put_object"
    return [
        at_most(
            "7 exporting: time",
            timed.ratio("ours", "script"),
            0.25,
            f"{medians['ours']:.1f} s, versus {medians['script']:.1f} s of a script ({script}); {SIZES[0]:,} definitions of "
            f"{LARGE:,} bytes; DynamoDB Local, S3 stub, fresh processes; median of {ROUNDS}",
        ),
        at_most(
            "7 exporting: time with 5 ms per request",
            timed.ratio("ours, delayed", "script, delayed"),
            0.12,
            f"{medians['ours, delayed']:.1f} s, versus {medians['script, delayed']:.1f} s, the same with a delay of 5 ms before "
            "each request of both; one run",
        ),
        at_most(
            "7 exporting: memory",
            peaks[1] / peaks[0],
            1.15,
            f"peak memory of the process: {peaks[1]:.0f} MB for {SIZES[1]:,} artifacts, {peaks[0]:.0f} MB for {SIZES[0]:,}",
        ),
    ]


def _run_in_subprocess(way: str, tenant: str, endpoint: str, s3_endpoint: str) -> tuple[float, float]:
    """Seconds and peak memory of an export in a new process."""
    command = [sys.executable, "-m", "bench.exporting", way, tenant, endpoint, s3_endpoint]
    output = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True).stdout
    seconds, megabytes = json.loads(output)
    return seconds, megabytes


def no_version_policy() -> NoReturn:
    """Take the place of the version policy, which no measured export asks for."""
    raise CannotRunError("no export that is measured enforces its version")


def export_with_product(client: DynamoDBClient, s3: S3Client, tenant: str) -> int:
    """Export with the product; returns the number of artifacts."""
    exporter = Exporter(
        ArtifactTable(client, ARTIFACTS),
        DefinitionReader(client, ARTIFACTS, lambda: s3, "definitions"),
        PackageStore(client, PACKAGES),
        BundleStore(lambda: s3, "bundles"),
        Limits(artifacts=1_000_000),
        no_version_policy,
        local_signer(),
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


def export_with_script(client: DynamoDBClient, s3: S3Client, tenant: str) -> int:
    """Export as a straightforward script would; returns the number of artifacts."""
    found: dict[str, Any] = {}
    stack = [artifact_id(0)]
    while stack:
        name = stack.pop()
        if name in found:
            continue
        found[name] = client.get_item(TableName=NAIVE, Key={"tenant": {"S": tenant}, "id": {"S": name}})["Item"]
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
    count = (export_with_product if way.startswith("ours") else export_with_script)(client, s3, tenant)
    seconds = time.perf_counter() - start
    if count != int(tenant.partition("-")[0]):
        raise AssertionError(f"{count} artifacts instead of those of {tenant}")
    print(json.dumps([seconds, peak_memory()]))


if __name__ == "__main__":
    _main(*sys.argv[1:])
