"""Puts together what POST /export needs; apart from other wiring, so that no function imports all."""

from __future__ import annotations

import time
from functools import cache

from installhub import aws, wiring
from installhub.answering import ExportDesk
from installhub.background.accepting import Acceptor
from installhub.background.queue import ExportQueue
from installhub.idempotency import AnswerBook


@cache
def answers() -> AnswerBook:
    """The answers to requests with an idempotency key."""
    return AnswerBook(aws.dynamodb(), wiring.settings().text("REQUESTS_TABLE"), time.time)


@cache
def acceptor() -> Acceptor:
    """Accepts exports that are done later."""
    settings = wiring.settings()
    queue = ExportQueue(aws.sqs, settings.text("EXPORT_QUEUE_URL"))
    return Acceptor(wiring.packages(), wiring.pending(), wiring.bundles(), queue, settings.limits(), time.time)


@cache
def export_desk() -> ExportDesk:
    """Answers POST /export."""
    return ExportDesk(wiring.exporter, acceptor, answers, wiring.packages, wiring.bundles)
