"""The use cases that resolve artifacts: preview, and the export that HTTP and events share."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from installhub.artifacts import ArtifactNode, PackageType
from installhub.bundler import BundleLayout, PackageDescription, build_manifest, encode_manifest, write_bundle
from installhub.catalog import ArtifactTable, DefinitionReader
from installhub.errors import REGISTRY, ErrorCode, InstallHubError, Problem, ServiceUnavailableError
from installhub.packages import BundleStore, Claim, PackageRecord, PackageStore, discard
from installhub.resolver import Limits, Plan, make_plan
from installhub.versions import package_id

_LEASE_MARGIN_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class ExportCommand:
    """A request to export, validated.

    Attributes:
        tenant: Whose artifacts; the requester may act for it.
        requested_by: Who asks, for the audit trail.
        name: Display name of the package.
        version: SemVer 2.0.0.
        package_type: What the package is for.
        description: Free text.
        author: Free text.
        tags: Free texts.
        roots: Artifact ids.
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


@dataclass(frozen=True, slots=True)
class ExportedPackage:
    """A committed package and its manifest."""

    record: PackageRecord
    manifest: dict[str, Any]


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
        """Resolve, claim the version, write the bundle, commit.

        Args:
            command: What to export.
            seconds_left: How long this process has got. Should it die, the version is free again soon after.

        Raises:
            InstallHubError: The request cannot be done; it carries every reason.
            ServiceUnavailableError: A service kept failing. Nothing of this attempt is visible.
        """
        description = _describe(command)
        plan = plan_export(self.artifacts, command.tenant, command.roots, self.limits, command.package_type)
        if plan.problems:
            raise InstallHubError([*plan.problems, *self._conflict(description)])
        nodes = [plan.closure.nodes[artifact_id] for artifact_id in plan.install_order]
        manifest = build_manifest(description, plan.closure.roots, nodes)
        attempt = self._attempt(description)
        record = None
        try:
            claim = self._claim(attempt, seconds_left)
            self._remove_leftovers(claim, attempt)
            record = self._write(command, description, attempt, manifest, nodes)
            self._commit(attempt, record)
        except ServiceUnavailableError:
            if not self._undo(attempt) or record is None:
                raise  # else only the commit's answer was lost
        except InstallHubError:
            raise  # a VersionConflict: nothing was done
        except BaseException:
            self._undo(attempt)
            raise
        return ExportedPackage(record, manifest)

    def _attempt(self, description: PackageDescription) -> Claim:
        attempt_id = self.new_attempt_id()
        key = self.bundles.key_of(description.package_id, attempt_id)
        return Claim(description.package_id, attempt_id, (key,))

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

    def _conflict(self, description: PackageDescription) -> list[Problem]:
        if not self.packages.is_taken(description.package_id, int(self.clock())):
            return []
        return [Problem(ErrorCode.VERSION_CONFLICT, REGISTRY[ErrorCode.VERSION_CONFLICT].description)]

    def _claim(self, attempt: Claim, seconds_left: float) -> Claim:
        now = int(self.clock())
        return self.packages.claim(
            attempt.package_id,
            attempt.attempt_id,
            *attempt.objects,
            now=now,
            lease_until=now + int(seconds_left) + _LEASE_MARGIN_SECONDS,
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
        description: PackageDescription,
        attempt: Claim,
        manifest: dict[str, Any],
        nodes: list[ArtifactNode],
    ) -> PackageRecord:
        (key,) = attempt.objects
        definitions = self.definitions.read(command.tenant, nodes)
        with self.bundles.upload(key) as upload:
            layout: BundleLayout = write_bundle(upload.write, encode_manifest(manifest), nodes, definitions)
        return PackageRecord(
            description=description,
            tenant=command.tenant,
            checksum=upload.checksum,
            bundle_key=key,
            layout=layout,
            artifact_count=len(nodes),
            exported_at=datetime.fromtimestamp(int(self.clock()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            exported_by=command.requested_by,
        )


def _describe(command: ExportCommand) -> PackageDescription:
    return PackageDescription(
        package_id=package_id(command.tenant, command.name, command.version),
        name=command.name,
        version=command.version,
        package_type=command.package_type,
        description=command.description,
        author=command.author,
        tags=command.tags,
    )
