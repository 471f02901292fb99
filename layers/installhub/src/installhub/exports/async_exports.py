"""Asynchronous exports (``Prefer: respond-async``): claims the version and sends the request to the queue."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from installhub.exports.commands import ExportCommand
from installhub.exports.messages import ExportJob, encode_message
from installhub.model.errors import ServiceUnavailableError, VersionHeldError
from installhub.model.timestamps import format_timestamp
from installhub.packages.bundle_store import BundleStore
from installhub.packages.cleanup import discard_claim
from installhub.packages.pending_exports import PendingExport, PendingExportStore
from installhub.packages.records import AcceptedExport, PackageStatus
from installhub.packages.store import PackageStore
from installhub.resolver.plan import Limits, check_roots
from installhub.runtime.message_queue import MessageQueue

MAX_QUEUED_SECONDS: Final = 6 * 3600
"""How long an accepted export may take, and holds its version: enough for a long queue and all of its attempts."""

_SEND_MARGIN_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class AsyncExports:
    """Accepts exports that the worker processes later.

    Attributes:
        packages: Claims and packages in the packages table.
        pending: Pending exports in the packages table.
        bundles: The bundle bucket.
        queue: The export queue.
        limits: The maximum size of a package.
        clock: Returns epoch seconds.
    """

    packages: PackageStore
    pending: PendingExportStore
    bundles: BundleStore
    queue: MessageQueue
    limits: Limits
    clock: Callable[[], float]

    def accept(self, command: ExportCommand, request_id: str, document: bytes, seconds_left: float) -> PendingExport:
        """Claim the version and queue the request. Accepting a request twice queues it twice, but exports it once.

        The lease is short until the message is sent, so that a crash in between does not block the version for hours.

        Args:
            command: What to export.
            request_id: Id of the request.
            document: The request as JSON, including its tenant, for the worker.
            seconds_left: Remaining run time of this process.

        Raises:
            VersionHeldError: The version is exported or claimed.
            InstallHubError: There are too many roots, or the request is too large for the queue.
            ServiceUnavailableError: The request could not be queued; the version can be claimed again.
        """
        check_roots(command.roots, self.limits)
        now = int(self.clock())
        package_id = command.package_id
        accepted = AcceptedExport(
            tenant=command.tenant,
            name=command.name,
            version=command.version,
            requested_by=command.requested_by,
            requested_at=format_timestamp(now),
            expires_at=now + MAX_QUEUED_SECONDS,
        )
        job = ExportJob(
            request_id,
            command.requested_by,
            document,
            package_id=package_id,
            accepted=accepted,
            expected_plans=command.expected_plans,
        )
        is_new = self._enqueue(package_id, request_id, accepted, now + int(seconds_left) + _SEND_MARGIN_SECONDS)
        try:
            self.queue.send(encode_message(job))
        except BaseException:
            if is_new:
                self.pending.cancel(package_id, request_id)
            raise
        with contextlib.suppress(ServiceUnavailableError):  # the worker can claim the version after the short lease too
            self.pending.extend_lease(package_id, request_id, accepted.expires_at)
        return PendingExport(package_id, request_id, accepted, PackageStatus.QUEUED)

    def _enqueue(self, package_id: str, request_id: str, accepted: AcceptedExport, lease_until: int) -> bool:
        now = int(self.clock())
        try:
            return self.pending.enqueue(package_id, request_id, accepted, now=now, lease_until=lease_until)
        except VersionHeldError:
            expired_claim = self.packages.expired_claim(package_id, now)
            if expired_claim is None or not discard_claim(self.packages, self.bundles, expired_claim):
                raise
        return self.pending.enqueue(package_id, request_id, accepted, now=now, lease_until=lease_until)
