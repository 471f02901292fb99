"""``Prefer: respond-async``: refuses what can be refused at once, and promises the rest."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from installhub.background.jobs import Job, accepted_message
from installhub.background.queue import ExportQueue
from installhub.errors import ServiceUnavailableError, VersionHeldError
from installhub.exporting import ExportCommand, describe, timestamp
from installhub.packages import (
    Acceptance,
    BundleStore,
    PackageStatus,
    PackageStore,
    PendingExport,
    PendingStore,
    discard,
)
from installhub.resolver import Limits, check_roots

QUEUED_SECONDS: Final = 6 * 3600
"""How long an accepted request holds its version while it waits: a long queue, and every try of the worker."""

_SEND_MARGIN_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Acceptor:
    """Accepts exports that are done later.

    Attributes:
        packages: The packages table.
        pending: The same, for what is not exported yet.
        bundles: The bundle bucket.
        queue: The export queue.
        limits: What is too much.
        clock: Gives epoch seconds.
    """

    packages: PackageStore
    pending: PendingStore
    bundles: BundleStore
    queue: ExportQueue
    limits: Limits
    clock: Callable[[], float]

    def accept(self, command: ExportCommand, request_id: str, document: bytes, seconds_left: float) -> PendingExport:
        """Claim the version and queue the request. Accepting it again, it is queued again and still done once.

        The claim's lease is short until the message is sent, so that a process that dies in between blocks nobody.

        Args:
            command: What to export.
            request_id: Names the request.
            document: The request as the worker will read it, tenant included.
            seconds_left: How long this process has got.

        Raises:
            VersionHeldError: The version is taken.
            InstallHubError: There are too many roots, or the request is too large for the queue.
            ServiceUnavailableError: It could not be queued; the version is free again.
        """
        check_roots(command.roots, self.limits)
        now = int(self.clock())
        package_id = describe(command).package_id
        acceptance = Acceptance(
            tenant=command.tenant,
            name=command.name,
            version=command.version,
            requested_by=command.requested_by,
            requested_at=timestamp(now),
            until=now + QUEUED_SECONDS,
        )
        job = Job(request_id, command.requested_by, document, package_id=package_id, acceptance=acceptance)
        is_new = self._enqueue(package_id, request_id, acceptance, now + int(seconds_left) + _SEND_MARGIN_SECONDS)
        try:
            self.queue.send(accepted_message(job))
        except BaseException:
            if is_new:
                self.pending.withdraw(package_id, request_id)
            raise
        with contextlib.suppress(ServiceUnavailableError):  # the worker takes the request whatever its lease
            self.pending.extend(package_id, request_id, acceptance.until)
        return PendingExport(package_id, request_id, acceptance, PackageStatus.QUEUED)

    def _enqueue(self, package_id: str, request_id: str, acceptance: Acceptance, lease_until: int) -> bool:
        now = int(self.clock())
        try:
            return self.pending.enqueue(package_id, request_id, acceptance, now=now, lease_until=lease_until)
        except VersionHeldError:
            dead = self.packages.expired_claim(package_id, now)
            if dead is None or not discard(self.packages, self.bundles, dead):
                raise
        return self.pending.enqueue(package_id, request_id, acceptance, now=now, lease_until=lease_until)
