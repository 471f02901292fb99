"""One run over a dropped file: publishes its lines from the checkpoint on, and stores a new one every two seconds."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from installhub.artifacts.publisher import BATCH_ARTIFACTS, BATCH_BYTES
from installhub.artifacts.validation import ArtifactInput
from installhub.contract.artifact_documents import MAX_LINE_BYTES, ArtifactEntry, read_line
from installhub.events.drop_files import DropFile, DropFiles, ResultChangedError
from installhub.events.drop_progress import DropProgress, RefusedLine
from installhub.events.gzip_stream import gunzip
from installhub.events.line_reader import Position, read_lines
from installhub.model.timestamps import format_timestamp
from installhub.runtime.gc import gc_paused

if TYPE_CHECKING:
    from installhub.artifacts.publisher import Publisher

LEASE_SECONDS: Final = 120
"""How long a run keeps others from continuing without storing its progress."""

GZIP_SUFFIX: Final = ".gz"
_SAVE_SECONDS: Final = 2
_BATCH_LINES: Final = 1_000
_BATCH_PROBLEMS: Final = 1_000


class OutOfTimeError(Exception):
    """This process has too little time left to go on."""


@dataclass(slots=True)
class _Batch:
    """Consecutive lines that are published together.

    Attributes:
        end: The end of the last line.
        lines: Number of lines, including blank ones.
        size: Their size in bytes.
        artifacts: The valid ones.
        refused: The others.
        problems: Number of problems of the others.
    """

    end: Position
    lines: int = 0
    size: int = 0
    artifacts: list[ArtifactInput] = field(default_factory=list)
    refused: list[RefusedLine] = field(default_factory=list)
    problems: int = 0

    def add(self, entry: ArtifactEntry, number: int) -> None:
        """Add a line that is not blank."""
        if isinstance(entry.content, ArtifactInput):
            self.artifacts.append(entry.content)
        else:
            self.refused.append(RefusedLine(number, entry.artifact_id, entry.content))
            self.problems += len(entry.content)

    @property
    def is_full(self) -> bool:
        """Whether it has to be published before more lines are read."""
        return (
            len(self.artifacts) >= BATCH_ARTIFACTS
            or self.size >= BATCH_BYTES
            or self.lines >= _BATCH_LINES
            or self.problems >= _BATCH_PROBLEMS
        )


class DropRun:
    """A run over a file. Only one run at a time writes the file's result; another one fails with ResultChangedError."""

    def __init__(
        self,
        files: DropFiles,
        file: DropFile,
        progress: DropProgress,
        etag: str | None,
        clock: Callable[[], float],
    ) -> None:
        """Prepare a run.

        Args:
            files: The dropped files.
            file: The file.
            progress: What earlier runs have done.
            etag: The entity tag of the result; None if there is none.
            clock: Returns epoch seconds.
        """
        self.progress = progress
        self._files = files
        self._file = file
        self._etag = etag
        self._clock = clock
        self._saved_at = 0.0
        self._start = self._saved_position = progress.position
        progress.run = uuid.uuid4().hex

    @property
    def made_progress(self) -> bool:
        """Whether this run has stored that it has done lines."""
        return self._saved_position != self._start

    def publish(self, publisher: Publisher, deadline: float) -> None:
        """Publish all lines after the checkpoint.

        Args:
            publisher: Publishes artifacts.
            deadline: When to stop, in epoch seconds.

        Raises:
            OutOfTimeError: The deadline has passed.
            CorruptGzipError: The file is damaged; lines before the damage may have been published.
            FileReplacedError: The file has changed.
            ResultChangedError: Another run has taken over.
            ServiceUnavailableError: A service is unavailable.
        """
        for batch in self._batches(self._content(deadline)):
            summary = publisher.publish(sorted(batch.artifacts, key=attrgetter("tenant")))
            self.progress.add(batch.refused, summary, batch.end)
            self._check_in(deadline)

    def save(self, *, lease_seconds: int = 0) -> None:
        """Store the progress, and keep others from continuing for ``lease_seconds``.

        Raises:
            ResultChangedError: Another run has taken over.
            ServiceUnavailableError: S3 is unavailable.
        """
        now = self._clock()
        self.progress.updated_at = format_timestamp(now)
        self.progress.lease_until = int(now) + lease_seconds if lease_seconds else 0
        content = self.progress.to_json()
        try:
            self._etag = self._files.write_result(self._file.key, content, self._etag)
        except ResultChangedError:
            stored = self._files.read_result(self._file.key)
            if stored is None or stored.content != content:
                raise
            self._etag = stored.etag  # the response to this very write was lost, and it was sent again
        self._saved_at = now
        self._saved_position = self.progress.position

    def _check_in(self, deadline: float) -> None:
        """Store the progress if it is time to, and stop if time is up."""
        now = self._clock()
        if now >= deadline:
            raise OutOfTimeError
        if now >= self._saved_at + _SAVE_SECONDS:
            self.save(lease_seconds=LEASE_SECONDS)

    def _content(self, deadline: float) -> Iterator[bytes]:
        """Yield the uncompressed bytes of the file from the checkpoint on."""
        is_gzip = self._file.key.endswith(GZIP_SUFFIX)
        done = self.progress.position.offset
        chunks = self._files.chunks(self._file, 0 if is_gzip else done)
        for chunk in _without_first(done, gunzip(chunks)) if is_gzip else chunks:
            self._check_in(deadline)
            yield chunk

    def _batches(self, content: Iterable[bytes]) -> Iterator[_Batch]:
        end = self.progress.position
        batch = _Batch(end)
        for line in read_lines(content, MAX_LINE_BYTES, end):
            batch.lines += 1
            batch.size += line.end.offset - batch.end.offset
            batch.end = line.end
            if not _is_blank(line.content):
                batch.add(_read(line.content), line.end.line)
            if batch.is_full:
                yield batch
                batch = _Batch(batch.end)
        if batch.lines:
            yield batch


def _is_blank(content: bytes | None) -> bool:
    return content is not None and (not content or content.isspace())


def _read(content: bytes | None) -> ArtifactEntry:
    with gc_paused():  # a definition of maximum size consists of millions of objects
        return read_line(content)


def _without_first(count: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield ``chunks`` without the first ``count`` bytes; yield empty ones while skipping."""
    for chunk in chunks:
        yield chunk[count:]
        count = max(0, count - len(chunk))
