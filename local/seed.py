"""Publishes the artifacts of a JSON file to the local stack, as the platform would."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from installhub.artifacts.definition_objects import DefinitionObjects
from installhub.artifacts.publisher import Publisher, PublishSummary
from installhub.artifacts.validation import ArtifactInput, InvalidArtifactError
from installhub.model.errors import ServiceUnavailableError
from local.aws import Aws
from local.console import stderr
from local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local.state import Stack

CHUNK = 100
THREADS = 4
MAX_PROBLEMS_SHOWN = 5


def seed(stack: Stack, file_name: str) -> PublishSummary:
    """Publish the artifacts of a file, all of which must be valid, and print a summary."""
    if not file_name:
        raise LocalStackError("FILE is empty", "for example: make seed FILE=artifacts.json")
    artifacts = read_artifacts(Path(file_name))
    started = time.monotonic()
    summary = publish(stack, artifacts, Path(file_name).name)
    seconds = time.monotonic() - started
    tenants = len({artifact.tenant for artifact in artifacts})
    stderr.print(
        f"Published {len(artifacts):,} artifacts of {tenants} tenant{'s' * (tenants != 1)} in {seconds:.1f} s: "
        f"{summary.created:,} new, {summary.updated:,} changed, {summary.unchanged:,} unchanged.",
        soft_wrap=True,
    )
    return summary


def read_artifacts(file: Path) -> list[ArtifactInput]:
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
    artifacts, problems = _parse(content)
    if problems:
        more = f"\n  and {len(problems) - MAX_PROBLEMS_SHOWN} more" if len(problems) > MAX_PROBLEMS_SHOWN else ""
        listed = "\n  ".join(problems[:MAX_PROBLEMS_SHOWN])
        raise LocalStackError(f"{file}: nothing was published\n  {listed}{more}")
    return artifacts


def _parse(content: Sequence[object]) -> tuple[list[ArtifactInput], list[str]]:
    artifacts: dict[tuple[str, str], ArtifactInput] = {}
    problems = []
    for index, value in enumerate(content):
        name = f"artifact [{index}]"
        if isinstance(value, dict) and "artifactId" in value:
            name += f" ({value['artifactId']})"
        try:
            artifact = ArtifactInput.from_json(value)
        except InvalidArtifactError as error:
            problems.append(f"{name}: {error}")
            continue
        if (artifact.tenant, artifact.id) in artifacts:
            problems.append(f"{name}: duplicate id in the tenant {artifact.tenant}")
        artifacts[artifact.tenant, artifact.id] = artifact
    return list(artifacts.values()), problems


def publish(stack: Stack, artifacts: Sequence[ArtifactInput], title: str) -> PublishSummary:
    """Publish artifacts, several chunks at a time, with a progress bar on a terminal."""
    aws = Aws(stack.endpoint)
    objects = DefinitionObjects(lambda: aws.s3, stack.outputs["DefinitionBucket"])
    publisher = Publisher(aws.dynamodb, stack.outputs["ArtifactsTable"], objects)
    chunks = list(_chunks(artifacts))
    total = PublishSummary()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with (
        Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as progress,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        bar = progress.add_task(f"Publishing {title}", total=len(artifacts))
        sizes = {pool.submit(publisher.publish, chunk): len(chunk) for chunk in chunks}
        try:
            for done in as_completed(sizes):
                total += done.result()
                progress.advance(bar, sizes[done])
        except (InvalidArtifactError, ServiceUnavailableError) as error:
            pool.shutdown(cancel_futures=True)
            raise LocalStackError(f"publishing failed: {error}", "it is safe to try again") from error
    return total


def _chunks(artifacts: Sequence[ArtifactInput]) -> Iterator[list[ArtifactInput]]:
    """Chunks of one tenant each, which can be published concurrently."""
    tenant = attrgetter("tenant")
    for _, of_tenant in groupby(sorted(artifacts, key=tenant), key=tenant):
        rest = list(of_tenant)
        for start in range(0, len(rest), CHUNK):
            yield rest[start : start + CHUNK]
