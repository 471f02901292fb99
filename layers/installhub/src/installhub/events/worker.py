"""The export worker: runs the jobs of the export queue with the same use case as HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from installhub.contract.problem_bodies import JSON_TYPE, PROBLEM_TYPE, problem_body
from installhub.contract.request_documents import MAX_DOCUMENT_BYTES, build_export_command, read_export_request
from installhub.contract.request_models import ExportRequested
from installhub.contract.response_bodies import package_body
from installhub.events.failure_store import ExportFailure, FailureStore
from installhub.events.inbox import Inbox
from installhub.events.message_handler import PostponedError
from installhub.exports.commands import ExportCommand, ExportedPackage
from installhub.exports.exporter import Exporter
from installhub.exports.messages import ExportJob, parse_message
from installhub.model.errors import InstallHubError, VersionHeldError
from installhub.model.timestamps import format_timestamp
from installhub.packages.pending_exports import PendingExportStore
from installhub.runtime.telemetry import bind_log_context, log_refusal

_MARGIN_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class ExportWorker:
    """Runs jobs. Idempotent: running a job again has the same outcome, a package or a refusal.

    Attributes:
        exporter: The export use case.
        pending: Pending exports in the packages table.
        failures: Failed requests in the requests table.
        inbox: The inbox bucket.
        clock: Returns epoch seconds.
    """

    exporter: Exporter
    pending: PendingExportStore
    failures: FailureStore
    inbox: Inbox
    clock: Callable[[], float]

    def parse(self, message: str) -> ExportJob:
        """The job in ``message``.

        Raises:
            UnreadableMessageError: It is not a message of a known kind.
        """
        return parse_message(message, self.inbox.bucket)

    def run(self, job: ExportJob, seconds_left: float) -> ExportedPackage | None:
        """Run ``job`` and return the exported package; None if the request is refused or was cancelled.

        Args:
            job: The job.
            seconds_left: Remaining run time of this process.

        Raises:
            UnreadableMessageError: The request document does not exist or cannot be read.
            PostponedError: Another delivery of the same job is in progress.
            InstallHubError: A transient failure; a later attempt may succeed.
        """
        bind_log_context(package_id=job.package_id, request_id=job.request_id)
        refusal = self.failures.find_refusal(job.request_id)
        if refusal is not None:
            self._write_refusal(job, refusal)
            return None
        if job.package_id is not None and self.pending.get(job.package_id, int(self.clock())) is None:
            return None  # cancelled
        try:
            exported = self.exporter.export(self._command(job), seconds_left)
        except InstallHubError as error:
            if isinstance(error, VersionHeldError) and error.request_id == job.request_id:
                wait = int((error.held_until or 0) - self.clock()) + _MARGIN_SECONDS
                raise PostponedError("the same request is in progress", max(1, wait)) from None
            if not error.is_final:
                raise
            self.fail(job, error)
            return None
        if job.inbox_object is not None:
            self.inbox.write_result(job.inbox_object, package_body(exported.record, exported.manifest), JSON_TYPE)
        return exported

    def fail(self, job: ExportJob, error: InstallHubError) -> None:
        """Store the failure of ``job``, which triggers its event, and report it to the requester."""
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
        content = job.document if job.inbox_object is None else self.inbox.read(job.inbox_object, MAX_DOCUMENT_BYTES)
        request = read_export_request(ExportRequested, content or b"")
        command = build_export_command(
            request,
            str(request.tenant_id),
            job.requested_by,
            request_id=job.request_id,
            accepted=job.accepted,
        )
        bind_log_context(tenant=command.tenant, package_id=command.package_id)
        return replace(command, expected_plans=job.expected_plans)

    def _package_fields(self, job: ExportJob) -> dict[str, str]:
        """The fields that identify the requested package; empty if the request is unreadable."""
        with contextlib.suppress(InstallHubError):
            command = self._command(job)
            return {
                "tenantId": command.tenant,
                "packageId": command.package_id,
                "packageName": command.name,
                "version": command.version,
            }
        return {}
