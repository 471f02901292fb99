"""Failed and expired requests, and the claims of crashed exports."""

from __future__ import annotations

import time
from functools import cache

from installhub.composition.packages import bundle_store, package_store, pending_export_store
from installhub.composition.process import settings
from installhub.events.expiry import ExpiredRequests
from installhub.events.failure_store import FailureStore
from installhub.packages.cleanup import ClaimSweeper
from installhub.runtime import aws_clients


@cache
def failure_store() -> FailureStore:
    """Failed requests in the requests table."""
    return FailureStore(aws_clients.dynamodb(), settings().string("REQUESTS_TABLE"))


@cache
def expired_requests() -> ExpiredRequests:
    """Fails accepted exports that have expired."""
    return ExpiredRequests(pending_export_store(), failure_store(), time.time)


@cache
def claim_sweeper() -> ClaimSweeper:
    """Discards the expired claims of crashed exports."""
    return ClaimSweeper(package_store(), bundle_store(), time.time)
