"""Accepted requests that the queue never brought back: they are given up, so that nobody waits for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from installhub.background.failures import Failure, FailureBook
from installhub.errors import ServiceUnavailableError
from installhub.exporting import timestamp
from installhub.packages import PendingExport, PendingStore


@dataclass(frozen=True, slots=True)
class Lapses:
    """Ends accepted requests whose time is over, and forgets those that failed long ago.

    Attributes:
        pending: The packages table, for what is not exported yet.
        failures: The requests that came to nothing.
        clock: Gives epoch seconds.
    """

    pending: PendingStore
    failures: FailureBook
    clock: Callable[[], float]

    def give_up(self) -> int:
        """Let every request whose time is over fail, and return how many there were."""
        now = int(self.clock())
        count = 0
        for request in self.pending.lapsed(now):
            self._fail(request, now)
            count += 1
        self.pending.forget_failures(now)
        return count

    def _fail(self, request: PendingExport, now: int) -> None:
        about = {
            "tenantId": request.acceptance.tenant,
            "packageId": request.package_id,
            "packageName": request.acceptance.name,
            "version": request.acceptance.version,
        }
        error = ServiceUnavailableError("export queue")
        failure = Failure(request.request_id, request.acceptance.requested_by, timestamp(now), error, about)
        self.failures.record(failure, now)
        self.pending.fail(request.package_id, request.request_id, failure.errors, now=now)
