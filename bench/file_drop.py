"""Row 14, the file drop: throughput against a bare batched writer, and memory by the number of lines.

Each figure comes from a process of its own. The file is on disk instead of S3; the table is on DynamoDB Local.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from botocore.exceptions import ClientError

from bench.database import ARTIFACTS, Database, client_of
from bench.harness import PROJECT, CannotRunError, Outcome, at_least, at_most, log_progress, peak_memory
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

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FEW: Final = 5_000
MANY: Final = 50_000
_SECONDS: Final = 3_000
_KEY: Final = "artifacts/bench.ndjson"
_WORDS: Final = "when the employee starts then notify their manager and request a laptop " * 68
"""About 5 KB."""


class _FileAsS3:
    """A file on disk as an object; objects that are put are kept in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._put: dict[str, bytes] = {}

    def head_object(self, **_: str) -> dict[str, Any]:
        return {"VersionId": "1", "ETag": '"file"', "ContentLength": self._path.stat().st_size}

    def get_object(self, *, Key: str, Range: str = "", **_: str) -> dict[str, Any]:  # noqa: N803  # boto3's names
        if Range:
            first, last = map(int, Range.removeprefix("bytes=").split("-"))
            with self._path.open("rb") as file:
                file.seek(first)
                return {"Body": io.BytesIO(file.read(last - first + 1)), "ETag": '"file"'}
        if Key not in self._put:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(self._put[Key]), "ETag": '"result"'}

    def put_object(self, *, Key: str, Body: bytes, **_: str) -> dict[str, Any]:  # noqa: N803  # boto3's names
        self._put[Key] = Body
        return {"ETag": '"result"'}


def run(database: Database) -> list[Outcome]:
    """Measure the file drop."""
    found: dict[tuple[str, int], tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for lines in (FEW, MANY):
            for kind in ("bare", "drop"):
                found[kind, lines] = _in_new_process(kind, lines, database.endpoint, Path(folder))
                seconds, megabytes = found[kind, lines]
                log_progress(f"{kind}, {lines:,} lines: {seconds:.1f} s, {megabytes:.0f} MB")
    (bare, _), (ours, peak), (_, low) = found["bare", MANY], found["drop", MANY], found["drop", FEW]
    return [
        at_least(
            "14 publishing: file drop, throughput",
            bare / ours,
            0.5,
            f"{MANY / ours:,.0f} artifacts of 5 KB a second, versus {MANY / bare:,.0f} for a program that only parses the lines "
            "and writes the same items with BatchWriteItem",
        ),
        at_most(
            "14 publishing: file drop, memory",
            peak / low,
            1.15,
            f"peak of {peak:.0f} MB for {MANY:,} lines, versus {low:.0f} MB for {FEW:,}",
        ),
    ]


def _in_new_process(kind: str, lines: int, endpoint: str, folder: Path) -> tuple[float, float]:
    path = folder / f"{kind}-{lines}.ndjson"
    with path.open("wb") as file:
        file.writelines(line + b"\n" for line in _lines(f"{kind}-{lines}", lines))
    command = [sys.executable, "-m", "bench.file_drop", kind, str(lines), endpoint, str(path)]
    output = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    seconds, megabytes = json.loads(output.splitlines()[-1])  # after log entries
    return seconds, megabytes


def _measure(kind: str, lines: int, endpoint: str, path: Path) -> tuple[float, float]:
    objects = DefinitionObjects(_no_s3, "no-bucket")
    started = time.perf_counter()
    if kind == "drop":
        s3 = cast("S3Client", _FileAsS3(path))
        publisher = Publisher(client_of(endpoint), ARTIFACTS, objects)
        progress = DropWorker(publisher, DropFiles(lambda: s3, "inbox"), time.time).run(
            InboxObject(_KEY, None), _SECONDS
        )
        if progress is None or progress.created != lines:
            raise CannotRunError(f"{path.name} was not published")
    else:
        with path.open("rb") as file:
            _write_bare(endpoint, RevisionWriter(ARTIFACTS, objects), file)
    return time.perf_counter() - started, peak_memory()


def _no_s3() -> NoReturn:
    raise NotImplementedError


def _write_bare(endpoint: str, writer: RevisionWriter, lines: Iterable[bytes]) -> None:
    """Write edges and bodies 25 at a time, without reading, transactions, conditions or checkpoints."""
    puts: list[Any] = []
    for line in lines:
        artifact = read_line(line.rstrip(b"\n")).content
        if not isinstance(artifact, ArtifactInput):
            raise CannotRunError(str(artifact))
        revision = writer.build(artifact, None)
        puts += [items.edge_item(artifact.tenant, revision.node), revision.body]
        if len(puts) >= 24:  # pairs within one BatchWriteItem
            batch_put(client_of(endpoint), ARTIFACTS, puts)
            puts = []
    batch_put(client_of(endpoint), ARTIFACTS, puts)


def _lines(tenant: str, count: int) -> Iterator[bytes]:
    for number in range(count):
        document = {
            "tenantId": tenant,
            "artifactId": f"rule-{number:06}",
            "type": "RuleSet",
            "name": f"Rule {number}",
            "status": "published",
            "dependencies": [f"rule-{number - 1:06}"] if number % 10 else [],
            "definition": {"number": number, "text": _WORDS},
        }
        yield json.dumps(document).encode()


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))))
