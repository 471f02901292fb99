"""Publishes the artifacts of a JSON file to the local stack through the file drop, as a pipeline would."""

from __future__ import annotations

import json
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from installhub.artifacts.validation import ArtifactInput, InvalidArtifactError
from installhub.events.inbox import RESULT_SUFFIX
from local.aws import Aws
from local.console import stderr
from local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_s3 import S3Client

    from local.state import Stack

    ArtifactDocument = dict[str, Any]
    """An artifact as JSON."""

POLL_SECONDS = 0.2
SILENCE_SECONDS = 120
"""How long to wait for progress."""

MAX_PROBLEMS_SHOWN = 5


def seed(stack: Stack, file_name: str) -> None:
    """Publish the artifacts of a file, all of which must be valid, and print a summary."""
    if not file_name:
        raise LocalStackError("FILE is empty", "for example: make seed FILE=artifacts.json")
    artifacts = read_artifacts(Path(file_name))
    started = time.monotonic()
    counts = drop(stack, artifacts, Path(file_name).stem)
    seconds = time.monotonic() - started
    tenants = len({artifact["tenantId"] for artifact in artifacts})
    stderr.print(
        f"Published {len(artifacts):,} artifacts of {tenants} tenant{'s' * (tenants != 1)} in {seconds:.1f} s: "
        f"{counts['created']:,} new, {counts['updated']:,} changed, {counts['unchanged']:,} unchanged.",
        soft_wrap=True,
    )


def read_artifacts(file: Path) -> list[ArtifactDocument]:
    """The artifacts of a file; an error lists the invalid ones with their problems."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise LocalStackError(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LocalStackError(f"{file} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise LocalStackError(f"{file}:{error.lineno}:{error.colno}: invalid JSON: {error.msg}") from None
    if not isinstance(content, list):
        raise LocalStackError(f"{file} is not a JSON array of artifacts")
    if problems := _check(content):
        more = f"\n  and {len(problems) - MAX_PROBLEMS_SHOWN} more" if len(problems) > MAX_PROBLEMS_SHOWN else ""
        listed = "\n  ".join(problems[:MAX_PROBLEMS_SHOWN])
        raise LocalStackError(f"{file}: nothing was published\n  {listed}{more}")
    return content


def _check(content: Sequence[Any]) -> list[str]:
    """The problems of artifacts, each with the name of the artifact."""
    problems = []
    ids: set[tuple[str, str]] = set()
    for index, value in enumerate(content):
        name = f"artifact [{index}]"
        if isinstance(value, dict) and "artifactId" in value:
            name += f" ({value['artifactId']})"
        try:
            artifact = ArtifactInput.from_json(value)
        except InvalidArtifactError as error:
            problems.append(f"{name}: {error}")
            continue
        if (artifact.tenant, artifact.id) in ids:
            problems.append(f"{name}: duplicate id in the tenant {artifact.tenant}")
        ids.add((artifact.tenant, artifact.id))
    return problems


def drop(stack: Stack, artifacts: Sequence[ArtifactDocument], title: str) -> dict[str, int]:
    """Put artifacts as a file into the inbox bucket, wait until they are published, and return the counts.

    Shows a progress bar on a terminal.
    """
    s3, bucket = Aws(stack.endpoint).s3, stack.outputs["InboxBucket"]
    key = f"artifacts/seed/{uuid.uuid4().hex}-{title}.ndjson"
    with tempfile.TemporaryFile() as file:
        for artifact in artifacts:
            file.write(json.dumps(artifact).encode() + b"\n")
        file.seek(0)
        s3.upload_fileobj(file, bucket, key)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
        bar = progress.add_task(f"Publishing {title}", total=len(artifacts))
        for result in _results(s3, bucket, f"{key}{RESULT_SUFFIX}"):
            progress.update(bar, completed=result["counts"]["lines"])
    if result["status"] != "published" or result["counts"]["refused"]:
        problems = [problem["detail"] for problem in (*result["errors"], *result["refused"][:MAX_PROBLEMS_SHOWN])]
        raise LocalStackError("publishing failed:\n  " + "\n  ".join(problems), "it is safe to try again")
    counts: dict[str, int] = result["counts"]
    return counts


def _results(s3: S3Client, bucket: str, key: str) -> Iterator[dict[str, Any]]:
    """Yield the result of a dropped file whenever it changes, until it is final."""
    last: dict[str, Any] | None = None
    deadline = time.monotonic() + SILENCE_SECONDS
    while time.monotonic() < deadline:
        result = _read_json(s3, bucket, key)
        if result is not None and result != last:
            last, deadline = result, time.monotonic() + SILENCE_SECONDS
            yield result
            if result["status"] != "publishing":
                return
        time.sleep(POLL_SECONDS)
    raise LocalStackError(f"nothing happened for {SILENCE_SECONDS} seconds", "see: make logs FUNCTION=publish_worker")


def _read_json(s3: S3Client, bucket: str, key: str) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return None
    return content
