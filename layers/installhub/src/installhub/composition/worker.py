"""The export worker."""

from __future__ import annotations

import time
from functools import cache

from installhub.composition.exports import exporter
from installhub.composition.failures import failure_store
from installhub.composition.packages import pending_export_store
from installhub.composition.process import settings
from installhub.events.inbox import Inbox
from installhub.events.message_handler import MessageHandler
from installhub.events.worker import ExportWorker
from installhub.exports.commands import ExportedPackage
from installhub.exports.messages import ExportJob
from installhub.runtime import aws_clients
from installhub.runtime.message_queue import MessageQueue


@cache
def message_handler() -> MessageHandler[ExportJob, ExportedPackage]:
    """Handles the messages of the export queue."""
    queue = MessageQueue(
        aws_clients.sqs, settings().string("EXPORT_QUEUE_URL"), settings().string("DEAD_LETTER_QUEUE_URL")
    )
    inbox = Inbox(aws_clients.s3, settings().string("INBOX_BUCKET"))
    worker = ExportWorker(exporter(), pending_export_store(), failure_store(), inbox, time.time)
    return MessageHandler(worker, queue, settings().integer("MAX_TRIES"))
