"""A queue whose messages a function processes, and its dead-letter queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from installhub.model.errors import ErrorCode, InstallHubError
from installhub.runtime.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_MESSAGE_BYTES: Final = 1_000_000
"""Maximum size of a message; the limit of SQS is 1 MiB including attributes."""

MAX_VISIBILITY_TIMEOUT_SECONDS: Final = 43_200
"""The maximum visibility timeout of SQS."""

MAX_DELAY_SECONDS: Final = 900
"""The maximum delay of a message in SQS."""

TRIES: Final = "tries"
"""Message attribute: the number of attempts before the message was sent again."""

_MAX_REASON: Final = 1000


@dataclass(frozen=True, slots=True)
class MessageQueue:
    """A queue.

    Attributes:
        sqs: Returns the SQS client; called only when one is needed.
        url: URL of the queue.
        dead_letter_url: URL of its dead-letter queue; only needed by :meth:`dead_letter`.
    """

    sqs: Callable[[], SQSClient]
    url: str
    dead_letter_url: str = ""

    def send(self, message: str, *, tries: int = 0, delay_seconds: int = 0) -> None:
        """Send ``message`` to the queue.

        Args:
            message: The message.
            tries: Number of earlier attempts, if the message is sent again.
            delay_seconds: Delay of the delivery, truncated to 15 minutes.

        Raises:
            InstallHubError: RequestTooLarge.
            ServiceUnavailableError: SQS is unavailable; the message may have been sent nevertheless.
        """
        size = len(message.encode())
        if size > MAX_MESSAGE_BYTES:
            raise InstallHubError.of(
                ErrorCode.REQUEST_TOO_LARGE,
                f"The request has {size} bytes; the limit for a message is {MAX_MESSAGE_BYTES}.",
            )
        with translate_aws_errors("sqs"):
            self.sqs().send_message(
                QueueUrl=self.url,
                MessageBody=message,
                DelaySeconds=max(0, min(delay_seconds, MAX_DELAY_SECONDS)),
                MessageAttributes={TRIES: {"DataType": "Number", "StringValue": str(tries)}},
            )

    def change_visibility(self, receipt_handle: str, seconds: int) -> None:
        """Deliver a received message again in ``seconds``, unless it is deleted before."""
        timeout = max(0, min(seconds, MAX_VISIBILITY_TIMEOUT_SECONDS))
        with translate_aws_errors("sqs"):
            self.sqs().change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=receipt_handle, VisibilityTimeout=timeout
            )

    def dead_letter(self, message: str, reason: str, tries: int) -> None:
        """Send a copy of ``message`` to the dead-letter queue, with the reason and the number of attempts."""
        with translate_aws_errors("sqs"):
            self.sqs().send_message(
                QueueUrl=self.dead_letter_url,
                MessageBody=message,
                MessageAttributes={
                    "reason": {"DataType": "String", "StringValue": _attribute_text(reason)},
                    TRIES: {"DataType": "Number", "StringValue": str(tries)},
                },
            )


def _attribute_text(text: str) -> str:
    """``text`` as the value of a message attribute: not empty, truncated, without characters that SQS rejects."""
    printable = "".join(character if character.isprintable() else " " for character in text[:_MAX_REASON])
    return printable.strip() or "unknown"
