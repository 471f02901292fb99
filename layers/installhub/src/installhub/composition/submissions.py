"""Submitting exports over HTTP: synchronous, asynchronous and idempotent."""

from __future__ import annotations

import time
from functools import cache

from installhub.composition.exports import exporter
from installhub.composition.limits import limits
from installhub.composition.packages import bundle_store, package_store, pending_export_store
from installhub.composition.process import settings
from installhub.contract.response_bodies import pending_body
from installhub.exports.async_exports import AsyncExports
from installhub.exports.idempotency_store import IdempotencyStore
from installhub.exports.submission import ExportService
from installhub.runtime import aws_clients
from installhub.runtime.message_queue import MessageQueue


@cache
def idempotency_store() -> IdempotencyStore:
    """The responses to requests with an idempotency key, in the requests table."""
    return IdempotencyStore(aws_clients.dynamodb(), settings().string("REQUESTS_TABLE"), time.time)


@cache
def async_exports() -> AsyncExports:
    """Accepts asynchronous exports."""
    queue = MessageQueue(aws_clients.sqs, settings().string("EXPORT_QUEUE_URL"))
    return AsyncExports(package_store(), pending_export_store(), bundle_store(), queue, limits(), time.time)


@cache
def export_service() -> ExportService:
    """Serves POST /export."""
    return ExportService(exporter, async_exports, idempotency_store, package_store, bundle_store, pending_body)
