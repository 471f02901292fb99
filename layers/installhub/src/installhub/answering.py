"""How POST /export is answered: now or later, and once only where the caller names the request."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from installhub.background.accepting import Acceptor
from installhub.downloading import find_package, read_manifest
from installhub.errors import ErrorCode, InstallHubError, VersionHeldError
from installhub.exporting import ExportCommand, ExportedPackage, Exporter
from installhub.idempotency import AnswerBook, Answered, KeyedRequest
from installhub.packages import BundleStore, PackageStore
from installhub.presenting import pending_body


@dataclass(frozen=True, slots=True)
class AskedExport:
    """A request of POST /export, validated.

    Attributes:
        command: What to export.
        document: The request as JSON, its tenant included.
        key: The ``Idempotency-Key``, if there is one.
        later: Whether the caller would rather not wait.
    """

    command: ExportCommand
    document: Mapping[str, Any]
    key: str | None
    later: bool


@dataclass(frozen=True, slots=True)
class ExportAnswer:
    """What is answered: a package or a promise.

    Attributes:
        exported: The package.
        promise: The answer's body, if the package will be made later.
    """

    exported: ExportedPackage | None = None
    promise: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ExportDesk:
    """Answers POST /export. What it needs is made when it is needed.

    Attributes:
        exporter: The export use case.
        acceptor: Accepts exports that are done later.
        answers: The answers to requests with a key.
        packages: The packages table.
        bundles: The bundle bucket.
    """

    exporter: Callable[[], Exporter]
    acceptor: Callable[[], Acceptor]
    answers: Callable[[], AnswerBook]
    packages: Callable[[], PackageStore]
    bundles: Callable[[], BundleStore]

    def answer(self, asked: AskedExport, seconds_left: float) -> ExportAnswer:
        """Answer ``asked``; with a key, as the first time.

        Raises:
            InstallHubError: It is refused, or was the first time.
        """
        command = asked.command
        if asked.key is None:
            return self._do(asked, f"http:{uuid.uuid4()}" if asked.later else None, seconds_left)
        keyed = KeyedRequest.of(asked.key, command.tenant, command.requested_by, dict(asked.document))
        fresh: list[ExportAnswer] = []

        def work() -> Answered:
            answer = self._do(asked, keyed.request_id, seconds_left)
            fresh.append(answer)
            if answer.exported is not None:
                return Answered(package_id=answer.exported.record.description.package_id)
            return Answered(accepted=dict(answer.promise or {}))

        known = self.answers().once(keyed, seconds_left, work)
        return fresh[0] if fresh else self._again(known, command.tenant)

    def _do(self, asked: AskedExport, request_id: str | None, seconds_left: float) -> ExportAnswer:
        try:
            if asked.later and request_id is not None:
                document = json.dumps(asked.document).encode()
                pending = self.acceptor().accept(asked.command, request_id, document, seconds_left)
                return ExportAnswer(promise=pending_body(pending))
            exported = self.exporter().export(replace(asked.command, request_id=request_id), seconds_left)
            return ExportAnswer(exported)
        except VersionHeldError as held:
            if request_id is not None and held.request_id == request_id:  # an earlier try that is not over
                raise InstallHubError.of(ErrorCode.IDEMPOTENCY_KEY_IN_USE) from held
            raise

    def _again(self, known: Answered, tenant: str) -> ExportAnswer:
        if known.accepted is not None:
            return ExportAnswer(promise=known.accepted)
        record = find_package(self.packages(), str(known.package_id), [tenant])
        return ExportAnswer(ExportedPackage(record, read_manifest(self.bundles(), record), is_new=False))
