"""Puts together what exports in the background need; apart from :mod:`installhub.wiring`, which others import."""

from __future__ import annotations

import time
from functools import cache

from installhub import aws, wiring
from installhub.answering import ExportDesk
from installhub.background.accepting import Acceptor
from installhub.background.deliveries import Deliveries
from installhub.background.failures import FailureBook
from installhub.background.inbox import Inbox
from installhub.background.lapses import Lapses
from installhub.background.outcomes import Announcer
from installhub.background.queue import ExportQueue
from installhub.background.worker import Worker
from installhub.idempotency import AnswerBook


@cache
def answers() -> AnswerBook:
    """The answers to requests with an idempotency key."""
    return AnswerBook(aws.dynamodb(), wiring.settings().text("REQUESTS_TABLE"), time.time)


@cache
def failures() -> FailureBook:
    """The requests that came to nothing."""
    return FailureBook(aws.dynamodb(), wiring.settings().text("REQUESTS_TABLE"))


@cache
def acceptor() -> Acceptor:
    """Accepts exports that are done later."""
    settings = wiring.settings()
    queue = ExportQueue(aws.sqs, settings.text("EXPORT_QUEUE_URL"))
    return Acceptor(wiring.packages(), wiring.pending(), wiring.bundles(), queue, settings.limits(), time.time)


@cache
def deliveries() -> Deliveries:
    """Handles the messages of the export queue."""
    settings = wiring.settings()
    queue = ExportQueue(aws.sqs, settings.text("EXPORT_QUEUE_URL"), settings.text("DEAD_LETTER_QUEUE_URL"))
    inbox = Inbox(aws.s3, settings.text("INBOX_BUCKET"))
    worker = Worker(wiring.exporter(), wiring.pending(), failures(), inbox, time.time)
    return Deliveries(worker, queue, settings.number("MAX_TRIES"))


@cache
def lapses() -> Lapses:
    """Gives up accepted requests whose time is over."""
    return Lapses(wiring.pending(), failures(), time.time)


@cache
def announcer() -> Announcer:
    """Puts outcome events on the bus."""
    return Announcer(aws.events, wiring.settings().text("EVENT_BUS"))


@cache
def export_desk() -> ExportDesk:
    """Answers POST /export."""
    return ExportDesk(wiring.exporter, acceptor, answers, wiring.packages, wiring.bundles)
