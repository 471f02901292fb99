"""Submission of exports over HTTP: synchronous or asynchronous, and idempotent if the caller sends a key."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from installhub.exports.async_exports import AsyncExports
from installhub.exports.commands import ExportCommand, ExportedPackage
from installhub.exports.exporter import Exporter
from installhub.exports.idempotency_store import IdempotencyStore, IdempotentRequest, StoredResponse
from installhub.model.errors import ErrorCode, InstallHubError, VersionHeldError
from installhub.packages.bundle_store import BundleStore
from installhub.packages.lookup import find_package
from installhub.packages.manifests import read_manifest
from installhub.packages.pending_exports import PendingExport
from installhub.packages.store import PackageStore


@dataclass(frozen=True, slots=True)
class ExportSubmission:
    """A validated request to POST /export.

    Attributes:
        command: What to export.
        document: The request as JSON, including its tenant.
        idempotency_key: The ``Idempotency-Key``, if the caller sent one.
        respond_async: Whether the caller prefers an asynchronous export.
    """

    command: ExportCommand
    document: Mapping[str, Any]
    idempotency_key: str | None
    respond_async: bool

    @property
    def content(self) -> dict[str, Any]:
        """All that determines the outcome: the same request has the same content."""
        plans = self.command.expected_plans
        return dict(self.document) if plans is None else {**self.document, "expectedPlans": list(plans)}


@dataclass(frozen=True, slots=True)
class ExportOutcome:
    """The result of a submission: an exported package or an accepted export.

    Attributes:
        exported: The package, if it was exported.
        accepted: The response body of the accepted export, if it was accepted.
    """

    exported: ExportedPackage | None = None
    accepted: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ExportService:
    """Serves POST /export.

    All attributes are functions, and all but the last return a collaborator that is created only if it is needed.

    Attributes:
        exporter: Returns the use case of synchronous exports.
        async_exports: Returns the use case of asynchronous exports.
        idempotency: Returns the store of responses to requests with an idempotency key.
        packages: Returns the packages in the packages table.
        bundles: Returns the bundle bucket.
        accepted_body: Returns the response body of an accepted export.
    """

    exporter: Callable[[], Exporter]
    async_exports: Callable[[], AsyncExports]
    idempotency: Callable[[], IdempotencyStore]
    packages: Callable[[], PackageStore]
    bundles: Callable[[], BundleStore]
    accepted_body: Callable[[PendingExport], dict[str, Any]]

    def submit(self, submission: ExportSubmission, seconds_left: float) -> ExportOutcome:
        """Export or accept ``submission``; if its idempotency key was used before, return the first outcome again.

        Args:
            submission: The request.
            seconds_left: Remaining run time of this process.

        Raises:
            InstallHubError: The request is refused, or was refused the first time.
        """
        command = submission.command
        if submission.idempotency_key is None:
            return self._export_or_accept(
                submission, f"http:{uuid.uuid4()}" if submission.respond_async else None, seconds_left
            )
        request = IdempotentRequest.from_key(
            submission.idempotency_key, command.tenant, command.requested_by, submission.content
        )
        new_outcomes: list[ExportOutcome] = []

        def submit_once() -> StoredResponse:
            outcome = self._export_or_accept(submission, request.request_id, seconds_left)
            new_outcomes.append(outcome)
            if outcome.exported is not None:
                return StoredResponse(package_id=outcome.exported.record.description.package_id)
            return StoredResponse(accepted=dict(outcome.accepted or {}))

        stored = self.idempotency().run_once(request, seconds_left, submit_once)
        return new_outcomes[0] if new_outcomes else self._replay(stored, command.tenant)

    def _export_or_accept(
        self, submission: ExportSubmission, request_id: str | None, seconds_left: float
    ) -> ExportOutcome:
        try:
            if submission.respond_async and request_id is not None:
                document = json.dumps(submission.document).encode()
                pending = self.async_exports().accept(submission.command, request_id, document, seconds_left)
                return ExportOutcome(accepted=self.accepted_body(pending))
            exported = self.exporter().export(replace(submission.command, request_id=request_id), seconds_left)
            return ExportOutcome(exported)
        except VersionHeldError as held:
            if request_id is not None and held.request_id == request_id:  # an earlier attempt is still in progress
                raise InstallHubError.of(ErrorCode.IDEMPOTENCY_KEY_IN_USE) from held
            raise

    def _replay(self, stored: StoredResponse, tenant: str) -> ExportOutcome:
        if stored.accepted is not None:
            return ExportOutcome(accepted=stored.accepted)
        record = find_package(self.packages(), str(stored.package_id), [tenant])
        return ExportOutcome(ExportedPackage(record, read_manifest(self.bundles(), record), is_new=False))
