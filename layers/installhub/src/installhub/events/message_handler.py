"""Handles the messages of the export queue: each is processed, retried later or moved to the dead-letter queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from installhub.events.worker import ExportWorker
from installhub.exports.commands import ExportedPackage
from installhub.exports.messages import ExportJob, UnreadableMessageError, parse_message
from installhub.exports.queue import TRIES, ExportQueue
from installhub.model.errors import ErrorCode, InstallHubError, VersionHeldError
from installhub.runtime.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

MIN_SECONDS_LEFT: Final = 240
"""Minimum remaining run time for starting a job; a large export takes minutes."""

_MARGIN_SECONDS: Final = 10
_FIRST_RETRY_SECONDS: Final = 15


class RetryLaterError(Exception):
    """The message must remain in the queue and be delivered again."""


@dataclass(frozen=True, slots=True)
class MessageHandler:
    """Handles the messages that the export queue delivers.

    Attributes:
        worker: Runs the jobs.
        queue: The export queue.
        max_tries: Maximum number of attempts per job.
    """

    worker: ExportWorker
    queue: ExportQueue
    max_tries: int

    def handle(self, record: SQSRecord, seconds_left: float) -> ExportedPackage | None:
        """Process a message, or send it again to be processed later. It can be deleted unless an exception is raised.

        Args:
            record: The message.
            seconds_left: Remaining run time of this process.

        Returns:
            The exported package, if the message led to one.

        Raises:
            RetryLaterError: The message will be delivered again.
        """
        if seconds_left < MIN_SECONDS_LEFT:
            self._postpone(record, 0, "too little time left in this process")
            return None
        try:
            job = parse_message(record.body, self.worker.inbox.bucket)
        except UnreadableMessageError as error:
            self.queue.dead_letter(record.body, str(error), _tries(record))
            return None
        # If this process crashes, the message is delivered again soon after, instead of after the queue's timeout.
        self.queue.change_visibility(record.receipt_handle, int(seconds_left) + _MARGIN_SECONDS)
        try:
            return self.worker.run(job, seconds_left)
        except UnreadableMessageError as error:
            self.queue.dead_letter(record.body, str(error), _tries(record))
        except VersionHeldError as held:  # by another delivery of the same job
            wait = int((held.held_until or 0) - self.worker.clock()) + _MARGIN_SECONDS
            self._postpone(record, max(1, wait), "the same request is in progress")
        except Exception as error:  # noqa: BLE001  # any failure is retried or moved to the dead-letter queue
            self._retry_or_dead_letter(record, job, error)
        return None

    def _postpone(self, record: SQSRecord, seconds: int, reason: str) -> None:
        """Send the message again. Returning it to the queue would count as an attempt, since SQS counts deliveries."""
        self.queue.send(record.body, tries=_tries(record) - 1, delay_seconds=seconds)
        logger.info("message postponed", extra={"reason": reason, "seconds": seconds})

    def _retry_or_dead_letter(self, record: SQSRecord, job: ExportJob, error: Exception) -> None:
        tries = _tries(record)
        if tries < self.max_tries:
            self.queue.change_visibility(record.receipt_handle, _FIRST_RETRY_SECONDS * 2 ** (tries - 1))
            raise RetryLaterError(f"try {tries} of {self.max_tries}") from error
        reason = error if isinstance(error, InstallHubError) else InstallHubError.of(ErrorCode.INTERNAL_ERROR)
        self.worker.fail(job, reason)
        self.queue.dead_letter(record.body, f"{type(error).__name__}: {error}", tries)


def _tries(record: SQSRecord) -> int:
    """The number of attempts to process the message, including this one and those that crashed."""
    earlier = record.raw_event.get("messageAttributes", {}).get(TRIES, {}).get("stringValue", "0")
    return int(earlier) + int(record.attributes.approximate_receive_count)
