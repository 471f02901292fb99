"""Puts the requests of the dead-letter queue back into the export queue: `python -m operations.redrive --help`.

SQS has a call of its own for this (StartMessageMoveTask). This one shows why each request was buried, leaves the stale
reason behind, can be tried without effect, and works on the local stack too.
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


@dataclass(frozen=True)
class DeadLetter:
    """A message of the dead-letter queue."""

    message: MessageTypeDef

    @property
    def reason(self) -> str:
        """Why the worker gave it up; the queue itself says nothing."""
        attributes = self.message.get("MessageAttributes", {})
        return attributes["reason"]["StringValue"] if "reason" in attributes else "its worker died each time"

    @property
    def sent_at(self) -> float:
        """When it was sent, in epoch seconds: to this queue by the worker, or to the export queue by anyone."""
        return int(self.message["Attributes"]["SentTimestamp"]) / 1000

    @property
    def title(self) -> str:
        """What it asks for, in a few words."""
        body: Any = None
        with contextlib.suppress(ValueError):
            body = json.loads(self.message["Body"])
        if not isinstance(body, dict):
            return self.message["Body"][:_MAX_TITLE]
        inner = body.get("detail") or body.get("acceptedExport") or body
        name = inner.get("packageName") if isinstance(inner, dict) else None
        return f"{name} {inner.get('version', '')}" if name else f"message {self.message['MessageId']}"


@dataclass(frozen=True)
class Redriver:
    """Moves messages from ``source`` to ``target``, which are URLs of queues."""

    sqs: SQSClient
    source: str
    target: str

    def peek(self, most: int | None = None) -> list[DeadLetter]:
        """The messages there are, which stay where they are."""
        found = list(self._receive(most))
        for buried in found:
            self._release(buried)
        return found

    def redrive(self, most: int | None = None) -> Iterator[DeadLetter]:
        """Move messages, each as it is yielded. Stopped in between, it has moved a message twice at worst.

        An export is done once however often it is asked for, so that twice is no harm.
        """
        for buried in self._receive(most):
            self.sqs.send_message(QueueUrl=self.target, MessageBody=buried.message["Body"])
            self.sqs.delete_message(QueueUrl=self.source, ReceiptHandle=buried.message["ReceiptHandle"])
            yield buried

    def _receive(self, most: int | None) -> Iterator[DeadLetter]:
        """The messages that were there at the start: what fails again meanwhile is not moved for ever."""
        started, found = time.time(), 0
        while most is None or found < most:
            messages = self.sqs.receive_message(
                QueueUrl=self.source,
                MaxNumberOfMessages=10 if most is None else min(10, most - found),
                MessageAttributeNames=["All"],
                AttributeNames=["SentTimestamp"],
                VisibilityTimeout=_VISIBILITY_TIMEOUT,
                WaitTimeSeconds=_WAIT_SECONDS,
            ).get("Messages", [])
            old = []
            for buried in map(DeadLetter, messages):
                if buried.sent_at <= started:
                    old.append(buried)
                else:
                    self._release(buried)
            found += len(old)
            yield from old
            if not old:
                return

    def _release(self, buried: DeadLetter) -> None:
        self.sqs.change_message_visibility(
            QueueUrl=self.source, ReceiptHandle=buried.message["ReceiptHandle"], VisibilityTimeout=0
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parse_options(arguments)
    try:
        found = deployment.find(options.stack)
        redriver = Redriver(found.sqs, found.outputs["ExportDeadLetterQueueUrl"], found.outputs["ExportQueueUrl"])
        moved = redriver.peek(options.max) if options.dry_run else redriver.redrive(options.max)
        count = 0
        for buried in moved:
            count += 1
            stdout.print(f"{buried.title}: {buried.reason}", markup=False, soft_wrap=True)
    except LocalStackError as error:
        print_error(error)
        return 1
    except (BotoCoreError, ClientError) as error:
        print_error(LocalStackError(f"AWS refused: {error}", "what was listed before is done; run it again"))
        return 1
    verb = "would be" if options.dry_run else "were" if count != 1 else "was"
    stderr.print(f"{count} request{'' if count == 1 else 's'} of {found.name} {verb} put back.")
    return 0


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make redrive", description=__doc__)
    deployment.add_stack_option(parser)
    parser.add_argument("--dry-run", action="store_true", help="only show what is there, and why")
    parser.add_argument("--max", type=_positive_number, default=None, metavar="N", help="move no more than N")
    return parser.parse_args(arguments)


def _positive_number(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("a number from 1 on is wanted")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
