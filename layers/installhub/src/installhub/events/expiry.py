"""Expiry of accepted exports: those not processed in time fail instead of staying queued forever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from installhub.events.failure_store import ExportFailure, FailureStore
from installhub.model.errors import ServiceUnavailableError
from installhub.model.timestamps import format_timestamp
from installhub.packages.pending_exports import PendingExport, PendingExportStore


@dataclass(frozen=True, slots=True)
class ExpiredRequests:
    """Fails accepted exports that have expired, and deletes old failures.

    Attributes:
        pending: Pending exports in the packages table.
        failures: Failed requests in the requests table.
        clock: Returns epoch seconds.
    """

    pending: PendingExportStore
    failures: FailureStore
    clock: Callable[[], float]

    def fail_all(self) -> int:
        """Fail all expired requests and return their number."""
        now = int(self.clock())
        count = 0
        for request in self.pending.expired(now):
            self._fail(request, now)
            count += 1
        self.pending.delete_old_failures(now)
        return count

    def _fail(self, request: PendingExport, now: int) -> None:
        package = {
            "tenantId": request.accepted.tenant,
            "packageId": request.package_id,
            "packageName": request.accepted.name,
            "version": request.accepted.version,
        }
        error = ServiceUnavailableError("export queue")
        failure = ExportFailure(
            request.request_id, request.accepted.requested_by, format_timestamp(now), error, package
        )
        self.failures.record(failure, now)
        self.pending.fail(request.package_id, request.request_id, failure.errors, now=now)
