"""The file drop against a bare batched writer: lines per second, and peak memory by the number of lines.

python -m bench.file_drop [--lines 5000,50000]

Deploys a separate local stack and prints a JSON object. Each figure comes from a process of its own: the worker's code
on a file in the inbox bucket, and a program that does nothing but write the same items with BatchWriteItem.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

from bench.dynamodb import free_port
from installhub.artifacts import items
from installhub.artifacts.definition_objects import DefinitionObjects
from installhub.artifacts.publisher import Publisher
from installhub.artifacts.revisions import RevisionWriter
from installhub.artifacts.validation import ArtifactInput
from installhub.contract.artifact_documents import read_line
from installhub.events.drop_files import DropFiles
from installhub.events.drop_worker import DropWorker
from installhub.runtime.batch_write import batch_put
from installhub.runtime.queue_messages import InboxObject
from local import stack
from local.aws import Aws, isolate_environment
from local.state import PROJECT, Stack, State

SECONDS: Final = 3_000
WORDS: Final = "when the employee starts then notify their manager and request a laptop " * 12


def main() -> None:
    """Run the benchmark and print its results, or one of its measurements if it is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", default="5000,50000")
    parser.add_argument("--measure", choices=["drop", "bare"])
    options = parser.parse_args()
    isolate_environment()
    state = State(PROJECT / ".local" / "bench-drop")
    if options.measure:
        print(json.dumps(_measure(options.measure, stack.current(state), int(options.lines))))
        return
    stack.down(state)
    try:
        stack.up(state, port=free_port())
        results = [
            {"lines": lines, **{kind: _in_new_process(kind, lines) for kind in ("bare", "drop")}}
            for lines in map(int, options.lines.split(","))
        ]
        print(json.dumps(results, indent=2))
    finally:
        stack.down(state)


def _in_new_process(kind: str, lines: int) -> Any:  # noqa: ANN401  # any JSON value
    command = [sys.executable, "-m", "bench.file_drop", "--measure", kind, "--lines", str(lines)]
    return json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    )  # after log entries


def _measure(kind: str, deployed: Stack, lines: int) -> dict[str, float]:
    aws = Aws(deployed.endpoint)
    table = deployed.outputs["ArtifactsTable"]
    objects = DefinitionObjects(lambda: aws.s3, deployed.outputs["DefinitionBucket"])
    tenant = f"tenant-{kind}-{lines}"
    if kind == "drop":
        bucket, key = deployed.outputs["InboxBucket"], f"bench/{lines}.ndjson"
        path = PROJECT / ".local" / "bench-drop" / f"{lines}.ndjson"
        with path.open("wb") as file:
            file.writelines(line + b"\n" for line in _lines(tenant, lines))
        aws.s3.upload_file(str(path), bucket, key)
        worker = DropWorker(Publisher(aws.dynamodb, table, objects), DropFiles(lambda: aws.s3, bucket), time.time)
        started = time.monotonic()
        progress = worker.run(InboxObject(key, None), SECONDS)
        if progress is None or progress.counts["created"] != lines:
            raise RuntimeError(progress)
    else:
        started = time.monotonic()
        _write_bare(aws, RevisionWriter(table, objects, time.time), table, _lines(tenant, lines))
    seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": round(seconds, 1), "linesPerSecond": round(lines / seconds), "peakMiB": round(peak)}


def _write_bare(aws: Aws, writer: RevisionWriter, table: str, lines: Iterator[bytes]) -> None:
    """Write edges and bodies 25 at a time, without reading, transactions, conditions or checkpoints."""
    puts: list[Any] = []
    for line in lines:
        artifact = read_line(line).content
        if not isinstance(artifact, ArtifactInput):
            raise TypeError(artifact)
        revision = writer.build(artifact, None)
        puts += [items.edge_item(artifact.tenant, revision.node), revision.body]
        if len(puts) >= 24:
            batch_put(aws.dynamodb, table, puts)
            puts = []
    batch_put(aws.dynamodb, table, puts)


def _lines(tenant: str, count: int) -> Iterator[bytes]:
    for number in range(count):
        document = {
            "tenantId": tenant,
            "artifactId": f"rule-{number:06}",
            "type": "RuleSet",
            "name": f"Rule {number}",
            "status": "published",
            "dependencies": [f"rule-{number - 1:06}"] if number % 10 else [],
            "definition": {"number": number, "text": WORDS},
        }
        yield json.dumps(document).encode()


if __name__ == "__main__":
    main()
