"""The use cases that resolve artifacts: preview, and the export that HTTP and events share."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from installhub.artifacts import ArtifactNode, PackageType
from installhub.bundler import BundleLayout, PackageDescription, build_manifest, encode_manifest, write_bundle
from installhub.catalog import ArtifactTable, DefinitionReader
from installhub.definitions import PackedDefinition
from installhub.downloading import read_manifest
from installhub.errors import (
    REGISTRY,
    ErrorCode,
    InstallHubError,
    Problem,
    ServiceUnavailableError,
    VersionHeldError,
)
from installhub.packages import Acceptance, BundleStore, Claim, PackageRecord, PackageStore, discard
from installhub.resolver import Limits, Plan, make_plan
from installhub.versions import package_id

_LEASE_MARGIN_SECONDS: Final = 5
_RESERVED_SHARE: Final = 0.2
_MOST_RESERVED_SECONDS: Final = 30
"""Of the time there is, what is kept to end the upload and to commit, or to give up and clean up."""

_REPORT_SECONDS: Final = 1


@dataclass(frozen=True, slots=True)
class ExportCommand:
    """A request to export, validated.

    Attributes:
        tenant: Whose artifacts; the requester may act for it.
        requested_by: Who asks, for the audit trail: a caller's subject, or the source of an event.
        name: Display name of the package.
        version: SemVer 2.0.0.
        package_type: What the package is for.
        description: Free text.
        author: Free text.
        tags: Free texts.
        roots: Artifact ids.
        request_id: Names the request, if it may come more than once: then it finds its own package.
        acceptance: What its requester was told, if the export is done later.
    """

    tenant: str
    requested_by: str
    name: str
    version: str
    package_type: PackageType
    description: str | None
    author: str | None
    tags: tuple[str, ...]
    roots: tuple[str, ...]
    request_id: str | None = None
    acceptance: Acceptance | None = None


@dataclass(frozen=True, slots=True)
class ExportedPackage:
    """A committed package and its manifest.

    Attributes:
        record: The package.
        manifest: Its manifest.
        is_new: Whether it was made just now, and not by an earlier try of the same request.
    """

    record: PackageRecord
    manifest: dict[str, Any]
    is_new: bool = True


def plan_export(
    artifacts: ArtifactTable,
    tenant: str,
    roots: tuple[str, ...],
    limits: Limits,
    package_type: PackageType | None = None,
) -> Plan:
    """Resolve ``roots``. What would be refused is read again consistently, so that no refusal is a moment old."""
    plan = make_plan(artifacts.tenant(tenant), roots, limits, package_type)
    if plan.problems:
        plan = make_plan(artifacts.tenant(tenant, consistent=True), roots, limits, package_type)
    return plan


def preview(artifacts: ArtifactTable, tenant: str, roots: tuple[str, ...], limits: Limits) -> Plan:
    """Resolve ``roots`` without exporting them.

    Raises:
        InstallHubError: A root does not exist in the tenant. Other problems are the plan's.
    """
    plan = plan_export(artifacts, tenant, roots, limits)
    unusable_roots = [
        problem
        for problem in plan.problems
        if problem.artifact_id in plan.closure.roots
        and problem.code in (ErrorCode.TENANT_MISMATCH, ErrorCode.ARTIFACT_NOT_FOUND)
    ]
    if unusable_roots:
        raise InstallHubError(unusable_roots)
    return plan


@dataclass(frozen=True, slots=True)
class Exporter:
    """Exports packages.

    Attributes:
        artifacts: The artifacts table.
        definitions: Reads definitions.
        packages: The packages table.
        bundles: The bundle bucket.
        limits: What is too much.
        clock: Gives epoch seconds.
        new_attempt_id: Gives an id that no attempt had before.
    """

    artifacts: ArtifactTable
    definitions: DefinitionReader
    packages: PackageStore
    bundles: BundleStore
    limits: Limits
    clock: Callable[[], float] = time.time
    new_attempt_id: Callable[[], str] = lambda: uuid.uuid4().hex

    def export(self, command: ExportCommand, seconds_left: float) -> ExportedPackage:
        """Resolve, claim the version, write the bundle, commit. A request that was done already is answered again.

        Args:
            command: What to export.
            seconds_left: How long this process has got. Should it die, the version is free again soon after.

        Raises:
            InstallHubError: The request cannot be done, or not in time; it carries every reason.
            VersionHeldError: The version is taken, maybe by another attempt at the same request.
            ServiceUnavailableError: A service kept failing. Nothing of this attempt is visible.
        """
        give_up_at = self.clock() + seconds_left - min(seconds_left * _RESERVED_SHARE, _MOST_RESERVED_SECONDS)
        description = describe(command)
        if own := self._made_before(command, description.package_id):
            return own
        plan = plan_export(self.artifacts, command.tenant, command.roots, self.limits, command.package_type)
        if plan.problems:
            raise InstallHubError([*plan.problems, *self._conflict(command, description.package_id)])
        nodes = [plan.closure.nodes[artifact_id] for artifact_id in plan.install_order]
        manifest = build_manifest(description, plan.closure.roots, nodes)
        attempt = self._attempt(description, command.acceptance)
        record = None
        try:
            claim = self._claim(command, attempt, seconds_left, len(nodes))
            self._remove_leftovers(claim, attempt)
            record = self._write(command, attempt, manifest, nodes, give_up_at)
            self._commit(attempt, record)
        except ServiceUnavailableError:
            if not self._undo(attempt) or record is None:
                raise  # else only the commit's answer was lost
        except VersionHeldError:  # nothing was done, unless by an earlier try
            if own := self._made_before(command, description.package_id):
                return own
            raise
        except BaseException:
            self._undo(attempt)
            raise
        return ExportedPackage(record, manifest)

    def _attempt(self, description: PackageDescription, acceptance: Acceptance | None) -> Claim:
        attempt_id = self.new_attempt_id()
        key = self.bundles.key_of(description.package_id, attempt_id)
        return Claim(description.package_id, attempt_id, (key,), None if acceptance is None else acceptance.until)

    def _undo(self, attempt: Claim) -> bool:
        """Leave nothing of an attempt behind. True when that cannot be because it has been committed."""
        if discard(self.packages, self.bundles, attempt):
            return False
        (own_key,) = attempt.objects
        record = self.packages.find(attempt.package_id)
        if record is not None and record.bundle_key == own_key:
            return True
        self.bundles.delete(own_key)  # the lease ran out and somebody else goes on
        return False

    def _made_before(self, command: ExportCommand, package_id: str) -> ExportedPackage | None:
        """The package that an earlier attempt at the same request made."""
        if command.request_id is None:
            return None
        record = self.packages.find(package_id)
        if record is None or record.request_id != command.request_id:
            return None
        return ExportedPackage(record, read_manifest(self.bundles, record), is_new=False)

    def _conflict(self, command: ExportCommand, package_id: str) -> list[Problem]:
        if not self.packages.is_taken(package_id, int(self.clock()), request_id=command.request_id):
            return []
        return [Problem(ErrorCode.VERSION_CONFLICT, REGISTRY[ErrorCode.VERSION_CONFLICT].description)]

    def _claim(self, command: ExportCommand, attempt: Claim, seconds_left: float, total: int) -> Claim:
        now = int(self.clock())
        return self.packages.claim(
            attempt.package_id,
            attempt.attempt_id,
            *attempt.objects,
            now=now,
            lease_until=now + int(seconds_left) + _LEASE_MARGIN_SECONDS,
            request_id=command.request_id,
            acceptance=command.acceptance,
            total=total,
        )

    def _remove_leftovers(self, claim: Claim, attempt: Claim) -> None:
        for key in claim.objects:
            if key not in attempt.objects:
                self.bundles.delete(key)

    def _commit(self, attempt: Claim, record: PackageRecord) -> None:
        if not self.packages.commit(attempt, record):
            raise ServiceUnavailableError("export lease")

    def _write(
        self,
        command: ExportCommand,
        attempt: Claim,
        manifest: dict[str, Any],
        nodes: list[ArtifactNode],
        give_up_at: float,
    ) -> PackageRecord:
        (key,) = attempt.objects
        definitions = self._watched(self.definitions.read(command.tenant, nodes), attempt, give_up_at)
        with self.bundles.upload(key) as upload:
            layout: BundleLayout = write_bundle(upload.write, encode_manifest(manifest), nodes, definitions)
        return PackageRecord(
            description=describe(command),
            tenant=command.tenant,
            checksum=upload.checksum,
            bundle_key=key,
            layout=layout,
            artifact_count=len(nodes),
            exported_at=timestamp(self.clock()),
            exported_by=command.requested_by,
            request_id=command.request_id,
            requested_at=None if command.acceptance is None else command.acceptance.requested_at,
        )

    def _watched(
        self, definitions: Iterable[PackedDefinition], attempt: Claim, give_up_at: float
    ) -> Iterator[PackedDefinition]:
        """``definitions``, as long as there is time; those who may look are told how many have passed."""
        reported_at = self.clock()
        for done, definition in enumerate(definitions):
            now = self.clock()
            if now > give_up_at:
                raise InstallHubError.of(ErrorCode.EXPORT_TAKES_TOO_LONG)
            if attempt.queued_until is not None and now - reported_at >= _REPORT_SECONDS:
                self.packages.report(attempt, done)
                reported_at = now
            yield definition


def timestamp(seconds: float) -> str:
    """Epoch ``seconds`` as RFC 3339 in UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def describe(command: ExportCommand) -> PackageDescription:
    """What the requester says of the package, and its id."""
    return PackageDescription(
        package_id=package_id(command.tenant, command.name, command.version),
        name=command.name,
        version=command.version,
        package_type=command.package_type,
        description=command.description,
        author=command.author,
        tags=command.tags,
    )
