"""Does the jobs of the queue, by the use case that HTTP calls too."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from installhub.background.failures import Failure, FailureBook
from installhub.background.inbox import Inbox
from installhub.background.jobs import Job
from installhub.documents import export_command, read_document
from installhub.errors import InstallHubError, VersionHeldError
from installhub.exporting import ExportCommand, ExportedPackage, Exporter, describe, timestamp
from installhub.packages import PendingStore
from installhub.presenting import JSON_TYPE, PROBLEM_TYPE, package_body, problem_body
from installhub.request_models import ExportRequested
from installhub.telemetry import about, refused


@dataclass(frozen=True, slots=True)
class Worker:
    """Does jobs. Doing one again makes no second package, and a refusal stays what it was.

    Attributes:
        exporter: The export use case.
        pending: The packages table, for what is not exported yet.
        failures: The requests that came to nothing.
        inbox: The inbox bucket.
        clock: Gives epoch seconds.
    """

    exporter: Exporter
    pending: PendingStore
    failures: FailureBook
    inbox: Inbox
    clock: Callable[[], float]

    def run(self, job: Job, seconds_left: float) -> ExportedPackage | None:
        """Do ``job``: what was exported, or None when it was refused or nobody waits for it any more.

        Raises:
            UnreadableMessageError: The request document is gone.
            VersionHeldError: Another delivery of the same job is at work.
            InstallHubError: It did not work out this time; a later try may.
        """
        about(package_id=job.package_id, request_id=job.request_id)
        refusal = self.failures.refusal_of(job.request_id)
        if refusal is not None:
            self._answer_refusal(job, refusal)
            return None
        if job.package_id is not None and self.pending.look(job.package_id, int(self.clock())) is None:
            return None  # withdrawn
        try:
            exported = self.exporter.export(self._command(job), seconds_left)
        except InstallHubError as error:
            same_job = isinstance(error, VersionHeldError) and error.request_id == job.request_id
            if same_job or not error.is_final:
                raise
            self.fail(job, error)
            return None
        if job.dropped is not None:
            self.inbox.answer(job.dropped, package_body(exported.record, exported.manifest), JSON_TYPE)
        return exported

    def fail(self, job: Job, error: InstallHubError) -> None:
        """Let ``job`` end because of ``error``: remembered, announced, and told to whoever looks."""
        refused(error)
        now = int(self.clock())
        failure = Failure(job.request_id, job.requested_by, timestamp(now), error, self._about(job))
        self.failures.record(failure, now)
        if job.package_id is not None:
            self.pending.fail(job.package_id, job.request_id, failure.errors, now=now)
        self._answer_refusal(job, error)

    def _answer_refusal(self, job: Job, error: InstallHubError) -> None:
        if job.dropped is not None:
            body = problem_body(error.problems, instance=f"urn:installhub:request:{quote(job.request_id)}")
            self.inbox.answer(job.dropped, body, PROBLEM_TYPE)

    def _command(self, job: Job) -> ExportCommand:
        content = job.document if job.dropped is None else self.inbox.read(job.dropped)
        request = read_document(ExportRequested, content or b"")
        command = export_command(
            request,
            str(request.tenant_id),
            job.requested_by,
            request_id=job.request_id,
            acceptance=job.acceptance,
        )
        about(tenant=command.tenant, package_id=describe(command).package_id)
        return command

    def _about(self, job: Job) -> dict[str, str]:
        """What is known of the package that ``job`` asks for, which is nothing when its request cannot be read."""
        with contextlib.suppress(InstallHubError):
            command = self._command(job)
            return {
                "tenantId": command.tenant,
                "packageId": describe(command).package_id,
                "packageName": command.name,
                "version": command.version,
            }
        return {}
