"""Moves messages from a dead-letter queue back to its queue, and prints each with the reason of its failure.

Unlike SQS's own redrive (StartMessageMoveTask), this removes the old reason from the messages, has a dry run, and also
works on the local stack.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.console import print_error, stderr, stdout
from local.errors import LocalStackError
from operations import deployment

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_VISIBILITY_TIMEOUT = 120
_WAIT_SECONDS = 2
_MAX_TITLE = 60
_QUEUES = {"exports": "Export", "drops": "Drop"}


@dataclass(frozen=True)
class DeadLetter:
    """A message in the dead-letter queue."""

    message: MessageTypeDef

    @property
    def reason(self) -> str:
        """Why the worker moved it here; SQS itself moves messages without a reason."""
        attributes = self.message.get("MessageAttributes", {})
        return attributes["reason"]["StringValue"] if "reason" in attributes else "the worker crashed at every attempt"

    @property
    def sent_at(self) -> float:
        """When the message was sent, in epoch seconds; if SQS moved it here, when it was sent to the first queue."""
        return int(self.message["Attributes"]["SentTimestamp"]) / 1000

    @property
    def title(self) -> str:
        """A short description of the request."""
        body: Any = None
        with contextlib.suppress(ValueError):
            body = json.loads(self.message["Body"])
        if not isinstance(body, dict):
            return self.message["Body"][:_MAX_TITLE]
        request = body.get("detail") or body.get("acceptedExport") or body
        if isinstance(request, dict) and isinstance(dropped := request.get("object"), dict):
            return str(dropped.get("key"))
        name = request.get("packageName") if isinstance(request, dict) else None
        return f"{name} {request.get('version', '')}" if name else f"message {self.message['MessageId']}"


@dataclass(frozen=True)
class Redriver:
    """Moves messages from the queue ``source`` to the queue ``target``, both given by their URLs."""

    sqs: SQSClient
    source: str
    target: str

    def peek(self, limit: int | None = None) -> list[DeadLetter]:
        """Read messages without moving them."""
        letters = list(self._receive(limit))
        for letter in letters:
            self._release(letter)
        return letters

    def redrive(self, limit: int | None = None) -> Iterator[DeadLetter]:
        """Move messages, each before it is yielded.

        If interrupted, at most one message is in both queues. That is harmless, since the workers are idempotent.
        """
        for letter in self._receive(limit):
            self.sqs.send_message(QueueUrl=self.target, MessageBody=letter.message["Body"])
            self.sqs.delete_message(QueueUrl=self.source, ReceiptHandle=letter.message["ReceiptHandle"])
            yield letter

    def _receive(self, limit: int | None) -> Iterator[DeadLetter]:
        """Receive the messages that were in the queue at the start, so that one that fails again is not moved twice."""
        started, count = time.time(), 0
        while limit is None or count < limit:
            messages = self.sqs.receive_message(
                QueueUrl=self.source,
                MaxNumberOfMessages=10 if limit is None else min(10, limit - count),
                MessageAttributeNames=["All"],
                AttributeNames=["SentTimestamp"],
                VisibilityTimeout=_VISIBILITY_TIMEOUT,
                WaitTimeSeconds=_WAIT_SECONDS,
            ).get("Messages", [])
            old = []
            for letter in map(DeadLetter, messages):
                if letter.sent_at <= started:
                    old.append(letter)
                else:
                    self._release(letter)
            count += len(old)
            yield from old
            if not old:
                return

    def _release(self, letter: DeadLetter) -> None:
        self.sqs.change_message_visibility(
            QueueUrl=self.source, ReceiptHandle=letter.message["ReceiptHandle"], VisibilityTimeout=0
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parse_options(arguments)
    try:
        found = deployment.find(options.stack)
        queue = _QUEUES[options.queue]
        redriver = Redriver(found.sqs, found.outputs[f"{queue}DeadLetterQueueUrl"], found.outputs[f"{queue}QueueUrl"])
        letters = redriver.peek(options.max) if options.dry_run else redriver.redrive(options.max)
        count = 0
        for letter in letters:
            count += 1
            stdout.print(f"{letter.title}: {letter.reason}", markup=False, soft_wrap=True)
    except LocalStackError as error:
        print_error(error)
        return 1
    except (BotoCoreError, ClientError) as error:
        print_error(
            LocalStackError(
                f"AWS returned an error: {error}",
                "the messages listed above were moved; run the command again for the rest",
            )
        )
        return 1
    messages = f"{count} message{'' if count == 1 else 's'} of {found.name}"
    outcome = "would be moved" if options.dry_run else "were moved" if count != 1 else "was moved"
    stderr.print(f"{messages} {outcome} back to the queue of {options.queue}.")
    return 0


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make redrive", description=__doc__)
    deployment.add_stack_option(parser)
    parser.add_argument("--queue", choices=_QUEUES, default="exports", help="whose messages (default: exports)")
    parser.add_argument("--dry-run", action="store_true", help="only list the messages and their reasons")
    parser.add_argument("--max", type=_positive_number, default=None, metavar="N", help="move at most N messages")
    return parser.parse_args(arguments)


def _positive_number(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("must be a positive integer")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
