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
MOST_SHOWN = 5


def seed(stack: Stack, file_name: str) -> PublishSummary:
    """Publish the artifacts of a file, all of which must be sound, and print what was done."""
    if not file_name:
        raise LocalStackError("FILE names no file", "for example: make seed FILE=artifacts.json")
    drafts = read(Path(file_name))
    started = time.monotonic()
    summary = publish(stack, drafts, Path(file_name).name)
    seconds = time.monotonic() - started
    tenants = len({draft.tenant for draft in drafts})
    stderr.print(
        f"Published {len(drafts):,} artifacts of {tenants} tenant{'s' * (tenants != 1)} in {seconds:.1f} s: "
        f"{summary.created:,} new, {summary.updated:,} changed, {summary.unchanged:,} unchanged.",
        soft_wrap=True,
    )
    return summary


def read(file: Path) -> list[ArtifactInput]:
    """The artifacts of a file; an error names the artifacts that are not sound and what is wrong with them."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise LocalStackError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LocalStackError(f"{file} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise LocalStackError(f"{file}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
    if not isinstance(content, list):
        raise LocalStackError(f"{file} is not a JSON array of artifacts")
    drafts, problems = _drafts(content)
    if problems:
        more = f"\n  and {len(problems) - MOST_SHOWN} more" if len(problems) > MOST_SHOWN else ""
        listed = "\n  ".join(problems[:MOST_SHOWN])
        raise LocalStackError(f"{file}: nothing was published\n  {listed}{more}")
    return drafts


def _drafts(content: Sequence[object]) -> tuple[list[ArtifactInput], list[str]]:
    drafts: dict[tuple[str, str], ArtifactInput] = {}
    problems = []
    for index, value in enumerate(content):
        name = f"artifact [{index}]"
        if isinstance(value, dict) and "artifactId" in value:
            name += f" ({value['artifactId']})"
        try:
            draft = ArtifactInput.from_json(value)
        except InvalidArtifactError as error:
            problems.append(f"{name}: {f'{error.pointer} {error.detail}'.strip()}")
            continue
        if (draft.tenant, draft.id) in drafts:
            problems.append(f"{name}: the tenant {draft.tenant} has an artifact of this id already")
        drafts[draft.tenant, draft.id] = draft
    return list(drafts.values()), problems


def publish(stack: Stack, drafts: Sequence[ArtifactInput], title: str) -> PublishSummary:
    """Publish artifacts, several pieces at a time, with a progress bar where there is a terminal."""
    aws = Aws(stack.endpoint)
    publisher = Publisher(aws.dynamodb, aws.s3, stack.outputs["ArtifactsTable"], stack.outputs["DefinitionBucket"])
    chunks = list(_chunks(drafts))
    total = PublishSummary()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with (
        Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as progress,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        bar = progress.add_task(f"Publishing {title}", total=len(drafts))
        sizes = {pool.submit(publisher.publish, chunk): len(chunk) for chunk in chunks}
        try:
            for done in as_completed(sizes):
                total += done.result()
                progress.advance(bar, sizes[done])
        except (InvalidArtifactError, ServiceUnavailableError) as error:
            pool.shutdown(cancel_futures=True)
            raise LocalStackError(f"publishing failed: {error}", "publishing again is safe") from error
    return total


def _chunks(drafts: Sequence[ArtifactInput]) -> Iterator[list[ArtifactInput]]:
    """Pieces of one tenant each, which can be published at the same time."""
    tenant = attrgetter("tenant")
    for _, of_tenant in groupby(sorted(drafts, key=tenant), key=tenant):
        rest = list(of_tenant)
        for start in range(0, len(rest), CHUNK):
            yield rest[start : start + CHUNK]
