"""Handles the messages of a queue: each is processed, retried later or moved to the dead-letter queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from installhub.model.errors import ErrorCode, InstallHubError
from installhub.runtime.message_queue import TRIES, MessageQueue
from installhub.runtime.queue_messages import UnreadableMessageError
from installhub.runtime.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

MIN_SECONDS_LEFT: Final = 240
"""Minimum remaining run time for starting a job; a large export takes minutes."""

_MARGIN_SECONDS: Final = 10
_FIRST_RETRY_SECONDS: Final = 15

_Job = TypeVar("_Job")
_Outcome = TypeVar("_Outcome")
_Outcome_co = TypeVar("_Outcome_co", covariant=True)


class RetryLaterError(Exception):
    """The message must remain in the queue and be delivered again."""


class PostponedError(Exception):
    """The job has to wait, or has to be continued. This is not a failed attempt.

    Attributes:
        reason: Why, for the log.
        seconds: How long to wait.
        made_progress: Whether part of the job was done, so that earlier attempts no longer count.
    """

    def __init__(self, reason: str, seconds: int, *, made_progress: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds
        self.made_progress = made_progress


class Worker(Protocol[_Job, _Outcome_co]):
    """Runs jobs. Idempotent: running a job again has the same outcome."""

    def parse(self, message: str) -> _Job:
        """The job in ``message``.

        Raises:
            UnreadableMessageError: It is not a message of a known kind.
        """

    def run(self, job: _Job, seconds_left: float) -> _Outcome_co | None:
        """Run ``job``.

        Args:
            job: The job.
            seconds_left: Remaining run time of this process.

        Raises:
            UnreadableMessageError: What the message refers to does not exist.
            PostponedError: The job has to wait, or has to be continued.
            InstallHubError: A transient failure; a later attempt may succeed.
        """

    def fail(self, job: _Job, error: InstallHubError) -> None:
        """Store and report that ``job`` has failed for good."""


@dataclass(frozen=True, slots=True)
class MessageHandler(Generic[_Job, _Outcome]):
    """Handles the messages that a queue delivers.

    Attributes:
        worker: Runs the jobs.
        queue: The queue.
        max_tries: Maximum number of attempts per job.
    """

    worker: Worker[_Job, _Outcome]
    queue: MessageQueue
    max_tries: int

    def handle(self, record: SQSRecord, seconds_left: float) -> _Outcome | None:
        """Process a message, or send it again to be processed later. It can be deleted unless an exception is raised.

        Args:
            record: The message.
            seconds_left: Remaining run time of this process.

        Returns:
            The outcome of the job, if it was run and has one.

        Raises:
            RetryLaterError: The message will be delivered again.
        """
        if seconds_left < MIN_SECONDS_LEFT:
            self._send_again(record, PostponedError("too little time left in this process", 0))
            return None
        try:
            job = self.worker.parse(record.body)
        except UnreadableMessageError as error:
            self.queue.dead_letter(record.body, str(error), _tries(record))
            return None
        # If this process crashes, the message is delivered again soon after, instead of after the queue's timeout.
        self.queue.change_visibility(record.receipt_handle, int(seconds_left) + _MARGIN_SECONDS)
        try:
            return self.worker.run(job, seconds_left)
        except UnreadableMessageError as error:
            self.queue.dead_letter(record.body, str(error), _tries(record))
        except PostponedError as postponed:
            self._send_again(record, postponed)
        except Exception as error:  # noqa: BLE001  # any failure is retried or moved to the dead-letter queue
            self._retry_or_dead_letter(record, job, error)
        return None

    def _send_again(self, record: SQSRecord, postponed: PostponedError) -> None:
        """Send the message again. Returning it to the queue would count as an attempt, since SQS counts deliveries."""
        tries = 0 if postponed.made_progress else _tries(record) - 1
        self.queue.send(record.body, tries=tries, delay_seconds=postponed.seconds)
        logger.info("message postponed", extra={"reason": postponed.reason, "seconds": postponed.seconds})

    def _retry_or_dead_letter(self, record: SQSRecord, job: _Job, error: Exception) -> None:
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
