"""Puts together what the export worker needs; apart from other wiring, so that no function imports all."""

from __future__ import annotations

import time
from functools import cache

from installhub import aws, wiring
from installhub.background.deliveries import Deliveries
from installhub.background.failures import FailureBook
from installhub.background.inbox import Inbox
from installhub.background.queue import ExportQueue
from installhub.background.worker import Worker


@cache
def failures() -> FailureBook:
    """The requests that came to nothing."""
    return FailureBook(aws.dynamodb(), wiring.settings().text("REQUESTS_TABLE"))


@cache
def deliveries() -> Deliveries:
    """Handles the messages of the export queue."""
    settings = wiring.settings()
    queue = ExportQueue(aws.sqs, settings.text("EXPORT_QUEUE_URL"), settings.text("DEAD_LETTER_QUEUE_URL"))
    inbox = Inbox(aws.s3, settings.text("INBOX_BUCKET"))
    worker = Worker(wiring.exporter(), wiring.pending(), failures(), inbox, time.time)
    return Deliveries(worker, queue, settings.number("MAX_TRIES"))
