"""Does the jobs of the queue, by the use case that HTTP calls too."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from installhub.contract.bodies import JSON_TYPE, PROBLEM_TYPE, package_body, problem_body
from installhub.contract.documents import export_command, read_document
from installhub.contract.request_models import ExportRequested
from installhub.events.failure_store import ExportFailure, FailureStore
from installhub.events.inbox import Inbox
from installhub.exports.commands import ExportCommand, ExportedPackage
from installhub.exports.exporter import Exporter
from installhub.exports.messages import ExportJob
from installhub.model.errors import InstallHubError, VersionHeldError
from installhub.model.timestamps import format_timestamp
from installhub.packages.pending_exports import PendingExportStore
from installhub.runtime.telemetry import bind_log_context, log_refusal


@dataclass(frozen=True, slots=True)
class ExportWorker:
    """Does jobs. Doing one again makes no second package, and a refusal stays what it was.

    Attributes:
        exporter: The export use case.
        pending: The packages table, for what is not exported yet.
        failures: The requests that came to nothing.
        inbox: The inbox bucket.
        clock: Gives epoch seconds.
    """

    exporter: Exporter
    pending: PendingExportStore
    failures: FailureStore
    inbox: Inbox
    clock: Callable[[], float]

    def run(self, job: ExportJob, seconds_left: float) -> ExportedPackage | None:
        """Do ``job``: what was exported, or None when it was refused or nobody waits for it any more.

        Raises:
            UnreadableMessageError: The request document is gone.
            VersionHeldError: Another delivery of the same job is at work.
            InstallHubError: It did not work out this time; a later try may.
        """
        bind_log_context(package_id=job.package_id, request_id=job.request_id)
        refusal = self.failures.find_refusal(job.request_id)
        if refusal is not None:
            self._write_refusal(job, refusal)
            return None
        if job.package_id is not None and self.pending.get(job.package_id, int(self.clock())) is None:
            return None  # withdrawn
        try:
            exported = self.exporter.export(self._command(job), seconds_left)
        except InstallHubError as error:
            same_job = isinstance(error, VersionHeldError) and error.request_id == job.request_id
            if same_job or not error.is_final:
                raise
            self.fail(job, error)
            return None
        if job.inbox_object is not None:
            self.inbox.write_result(job.inbox_object, package_body(exported.record, exported.manifest), JSON_TYPE)
        return exported

    def fail(self, job: ExportJob, error: InstallHubError) -> None:
        """Let ``job`` end because of ``error``: remembered, announced, and told to whoever looks."""
        log_refusal(error)
        now = int(self.clock())
        failure = ExportFailure(
            job.request_id, job.requested_by, format_timestamp(now), error, self._package_fields(job)
        )
        self.failures.record(failure, now)
        if job.package_id is not None:
            self.pending.fail(job.package_id, job.request_id, failure.errors, now=now)
        self._write_refusal(job, error)

    def _write_refusal(self, job: ExportJob, error: InstallHubError) -> None:
        if job.inbox_object is not None:
            body = problem_body(error.problems, instance=f"urn:installhub:request:{quote(job.request_id)}")
            self.inbox.write_result(job.inbox_object, body, PROBLEM_TYPE)

    def _command(self, job: ExportJob) -> ExportCommand:
        content = job.document if job.inbox_object is None else self.inbox.read(job.inbox_object)
        request = read_document(ExportRequested, content or b"")
        command = export_command(
            request,
            str(request.tenant_id),
            job.requested_by,
            request_id=job.request_id,
            acceptance=job.accepted,
        )
        bind_log_context(tenant=command.tenant, package_id=command.package_id)
        return command

    def _package_fields(self, job: ExportJob) -> dict[str, str]:
        """What is known of the package that ``job`` asks for, which is nothing when its request cannot be read."""
        with contextlib.suppress(InstallHubError):
            command = self._command(job)
            return {
                "tenantId": command.tenant,
                "packageId": command.package_id,
                "packageName": command.name,
                "version": command.version,
            }
        return {}
