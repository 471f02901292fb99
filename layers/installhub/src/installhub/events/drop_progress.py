"""The progress of publishing a dropped file: what its ``.result`` contains, for the sender and for the next run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from installhub.events.line_reader import BEGINNING, Position
from installhub.model.timestamps import format_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from installhub.artifacts.publisher import PublishSummary
    from installhub.model.errors import Problem

MAX_REFUSALS: Final = 10_000
"""Maximum number of problems that are listed."""


class DropStatus(StrEnum):
    """What has become of a file."""

    PUBLISHING = "publishing"
    PUBLISHED = "published"
    FAILED = "failed"


class RefusedLine(NamedTuple):
    """A line that is refused.

    Attributes:
        number: Its number, counted from 1.
        artifact_id: The id of its artifact, if it has one.
        problems: Everything that is wrong with it.
    """

    number: int
    artifact_id: str | None
    problems: Sequence[Problem]


@dataclass(slots=True)
class DropProgress:
    """The progress of publishing a file.

    Attributes:
        revision: Identifies the content of the file and when it was put; a new file under the same key has another.
        started_at: When publishing began, RFC 3339 in UTC.
        status: What has become of the file.
        updated_at: When this was last stored.
        position: The end of the last line that is done.
        created: Number of lines whose artifact did not exist before.
        updated: Number of lines whose artifact differed.
        unchanged: Number of lines whose artifact was identical.
        refused: Number of lines that were refused.
        refusals: The problems of refused lines, the first :data:`MAX_REFUSALS`.
        is_truncated: Whether there were more problems.
        errors: Why publishing failed.
        run: Id of the run that stored this.
        lease_until: Until when no other run may continue, in epoch seconds.
    """

    revision: str
    started_at: str
    status: DropStatus = DropStatus.PUBLISHING
    updated_at: str = ""
    position: Position = BEGINNING
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)
    is_truncated: bool = False
    errors: list[dict[str, Any]] = field(default_factory=list)
    run: str = ""
    lease_until: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """The number of lines that are done, in total and by what was done; blank lines do not count."""
        return {
            "lines": self.created + self.updated + self.unchanged + self.refused,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": self.refused,
        }

    @classmethod
    def new(cls, revision: str, now: float) -> Self:
        """The progress of a file that has just been dropped."""
        return cls(revision, format_timestamp(now))

    def add(self, refused: Iterable[RefusedLine], summary: PublishSummary, end: Position) -> None:
        """Add lines that are done.

        Args:
            refused: The refused lines.
            summary: What was done with the other lines.
            end: The end of the last line.
        """
        self.created += summary.created
        self.updated += summary.updated
        self.unchanged += summary.unchanged
        for line in refused:
            self.refused += 1
            named = {} if line.artifact_id is None else {"artifactId": line.artifact_id}
            listed = [{"line": line.number, **named, **problem.as_json()} for problem in line.problems]
            room = MAX_REFUSALS - len(self.refusals)
            self.refusals += listed[:room]
            self.is_truncated = self.is_truncated or len(listed) > room
        self.position = end

    def fail(self, problems: Iterable[Problem]) -> None:
        """Publishing failed."""
        self.status = DropStatus.FAILED
        self.errors = [problem.as_json() for problem in problems]

    def to_json(self) -> bytes:
        """The content of the ``.result``."""
        document = {
            "status": self.status.value,
            "startedAt": self.started_at,
            "updatedAt": self.updated_at,
            "counts": self.counts,
            "refused": self.refusals,
            "refusedTruncated": self.is_truncated,
            "errors": self.errors,
            "checkpoint": {
                "revision": self.revision,
                "line": self.position.line,
                "offset": self.position.offset,
                "run": self.run,
                "leaseUntil": self.lease_until,
            },
        }
        return json.dumps(document).encode()  # ASCII, since an id may contain a lone surrogate

    @classmethod
    def from_json(cls, content: bytes) -> Self | None:
        """The progress in a ``.result``; None if it contains something else."""
        try:
            document = json.loads(content)
            counts, checkpoint = document["counts"], document["checkpoint"]
            return cls(
                revision=str(checkpoint["revision"]),
                started_at=str(document["startedAt"]),
                status=DropStatus(document["status"]),
                updated_at=str(document["updatedAt"]),
                position=Position(_count(checkpoint, "line"), _count(checkpoint, "offset")),
                created=_count(counts, "created"),
                updated=_count(counts, "updated"),
                unchanged=_count(counts, "unchanged"),
                refused=_count(counts, "refused"),
                refusals=[dict(refusal) for refusal in document["refused"]],
                is_truncated=bool(document["refusedTruncated"]),
                errors=[dict(error) for error in document["errors"]],
                run=str(checkpoint["run"]),
                lease_until=_count(checkpoint, "leaseUntil"),
            )
        except (ValueError, TypeError, KeyError, RecursionError):
            return None


def _count(fields: Mapping[str, Any], name: str) -> int:
    value = fields[name]
    if not isinstance(value, int) or value < 0:
        raise TypeError(f"{name} is not a number")
    return value
