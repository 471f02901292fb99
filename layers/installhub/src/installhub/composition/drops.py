"""The worker that publishes dropped files."""

from __future__ import annotations

import time
from functools import cache

from installhub.composition.process import settings
from installhub.composition.publishing import publisher
from installhub.events.drop_files import DropFiles
from installhub.events.drop_progress import DropProgress
from installhub.events.drop_worker import DropWorker
from installhub.events.message_handler import MessageHandler
from installhub.runtime import aws_clients
from installhub.runtime.message_queue import MessageQueue
from installhub.runtime.queue_messages import InboxObject


@cache
def message_handler() -> MessageHandler[InboxObject, DropProgress]:
    """Handles the messages of the drop queue."""
    queue = MessageQueue(
        aws_clients.sqs, settings().string("DROP_QUEUE_URL"), settings().string("DEAD_LETTER_QUEUE_URL")
    )
    files = DropFiles(aws_clients.s3, settings().string("INBOX_BUCKET"))
    return MessageHandler(DropWorker(publisher(), files, time.time), queue, settings().integer("MAX_TRIES"))
