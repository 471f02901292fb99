"""The worker of the drop queue: publishes the files of artifacts that are dropped into the inbox bucket.

A message names a key, not a version: a run publishes the file that has this key now. So messages may be lost in the
past, repeated or out of order, as long as one is delivered after the last change.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from installhub.events.drop_files import DropFile, DropFiles, FileReplacedError, ResultChangedError, StoredResult
from installhub.events.drop_progress import DropProgress, DropStatus
from installhub.events.drop_run import LEASE_SECONDS, DropRun, OutOfTimeError
from installhub.events.gzip_stream import CorruptGzipError
from installhub.events.inbox import RESULT_SUFFIX
from installhub.events.message_handler import PostponedError
from installhub.model.errors import ErrorCode, InstallHubError, ServiceUnavailableError
from installhub.runtime.queue_messages import (
    MAX_KEY_BYTES,
    S3_SOURCE,
    InboxObject,
    UnreadableMessageError,
    read_notification,
)
from installhub.runtime.telemetry import log_refusal, logger

if TYPE_CHECKING:
    from installhub.artifacts.publisher import Publisher

DROP_PREFIX: Final = "artifacts/"
DROP_SUFFIXES: Final = (".ndjson", ".ndjson.gz")

_RESERVE_SECONDS: Final = 60  # for publishing what has been read, which may be a definition of 50 MB
_RETRY_SECONDS: Final = 15


@dataclass(frozen=True, slots=True)
class DropWorker:
    """Publishes dropped files. Idempotent: a run goes on where the last one ended.

    Attributes:
        publisher: Publishes artifacts.
        files: The dropped files.
        clock: Returns epoch seconds.
    """

    publisher: Publisher
    files: DropFiles
    clock: Callable[[], float]

    def parse(self, message: str) -> InboxObject:
        """The object in ``message``, an S3 event.

        Raises:
            UnreadableMessageError: It is not an event about a file of artifacts in the inbox.
        """
        try:
            event = json.loads(message)
            if event["source"] != S3_SOURCE:
                raise UnreadableMessageError(f"an event of an unknown source: {event['source']!r}")
            dropped = read_notification(event["detail"], self.files.bucket)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise UnreadableMessageError(f"not a message of a known kind: {error!r}") from error
        if not dropped.key.startswith(DROP_PREFIX) or not dropped.key.endswith(DROP_SUFFIXES):
            raise UnreadableMessageError(f"not the key of a file of artifacts: {dropped.key!r}")
        if len(dropped.key.encode()) > MAX_KEY_BYTES - len(RESULT_SUFFIX):
            raise UnreadableMessageError(f"the key is too long for a result: {dropped.key!r}")
        return dropped

    def run(self, job: InboxObject, seconds_left: float) -> DropProgress | None:
        """Publish a file, or go on with it. Returns the result; None if that was done before.

        Args:
            job: The file.
            seconds_left: Remaining run time of this process.

        Raises:
            UnreadableMessageError: The file does not exist or cannot be read.
            PostponedError: Another run is in progress, or this one has to be continued.
            InstallHubError: A transient failure; a later attempt may succeed.
        """
        deadline = self.clock() + seconds_left - _RESERVE_SECONDS
        stored = self.files.read_result(job.key)
        file = self.files.open(job.key)
        progress = self._progress_of(file, stored)
        if progress.status is DropStatus.PUBLISHED:
            return None
        self._wait_for_other_run(stored)
        progress.status, progress.errors = DropStatus.PUBLISHING, []
        run = DropRun(self.files, file, progress, None if stored is None else stored.etag, self.clock)
        try:
            run.save(lease_seconds=LEASE_SECONDS)
            self._publish(run, deadline)
            run.save()
        except ResultChangedError:
            raise PostponedError("another run has taken over", LEASE_SECONDS) from None
        outcome = {"key": job.key, "status": progress.status.value, "counts": progress.counts}
        logger.info("file processed", extra=outcome)
        return progress

    def fail(self, job: InboxObject, error: InstallHubError) -> None:
        """Store in the result that publishing has failed, unless the file was published or deleted meanwhile."""
        log_refusal(error)
        with suppress(UnreadableMessageError, ResultChangedError):
            stored = self.files.read_result(job.key)
            file = self.files.open(job.key)
            progress = self._progress_of(file, stored)
            if progress.status is not DropStatus.PUBLISHED:
                progress.fail(error.problems)
                DropRun(self.files, file, progress, None if stored is None else stored.etag, self.clock).save()

    def _publish(self, run: DropRun, deadline: float) -> None:
        """Publish the lines. If they end early, what is done is stored, and another run may continue at once."""
        try:
            run.publish(self.publisher, deadline)
        except CorruptGzipError as error:
            run.progress.fail(InstallHubError.of(ErrorCode.INVALID_REQUEST, f"{error}.").problems)
            return
        except FileReplacedError:
            run.save()
            raise PostponedError("the file was replaced", 0, made_progress=True) from None
        except OutOfTimeError:
            run.save()
            if run.made_progress:
                raise PostponedError("the file takes longer than one invocation", 0, made_progress=True) from None
            detail = f"Line {run.progress.position.line + 1} cannot be read within one invocation."
            raise InstallHubError.of(ErrorCode.REQUEST_TOO_LARGE, detail) from None
        except ServiceUnavailableError as error:
            with suppress(ServiceUnavailableError):
                run.save()
            if run.made_progress:  # a long file may meet many short outages
                log_refusal(error)
                raise PostponedError("a service is unavailable", _RETRY_SECONDS, made_progress=True) from error
            raise
        run.progress.status = DropStatus.PUBLISHED

    def _progress_of(self, file: DropFile, stored: StoredResult | None) -> DropProgress:
        """What earlier runs have done with this file. A file that has been replaced starts over."""
        progress = None if stored is None else DropProgress.from_json(stored.content)
        if progress is None or progress.revision != file.revision:
            return DropProgress.new(file.revision, self.clock())
        return progress

    def _wait_for_other_run(self, stored: StoredResult | None) -> None:
        progress = None if stored is None else DropProgress.from_json(stored.content)
        wait = 0 if progress is None else progress.lease_until - int(self.clock())
        if wait > 0:
            raise PostponedError("another run is in progress", min(wait, LEASE_SECONDS) + 1)
