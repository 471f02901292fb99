"""The export use case, shared by HTTP, events and direct invocations."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from installhub.artifacts.catalog import ArtifactTable
from installhub.artifacts.definition_reader import DefinitionReader
from installhub.attestations.signer import PackageSigner
from installhub.bundler.bundle import write_bundle
from installhub.bundler.layout import BundleLayout
from installhub.bundler.manifest import build_manifest, encode_manifest
from installhub.exports.commands import ExportCommand, ExportedPackage
from installhub.exports.preview import plan_export
from installhub.model.artifact import ArtifactNode
from installhub.model.definition import PackedDefinition
from installhub.model.errors import (
    REGISTRY,
    ErrorCode,
    InstallHubError,
    Problem,
    ServiceUnavailableError,
    VersionHeldError,
)
from installhub.model.timestamps import format_timestamp
from installhub.packages.bundle_store import BundleStore
from installhub.packages.cleanup import discard_claim
from installhub.packages.manifests import read_manifest
from installhub.packages.records import AcceptedExport, Claim, PackageRecord
from installhub.packages.store import PackageStore
from installhub.resolver.plan import Limits

if TYPE_CHECKING:
    from installhub.exports.version_policy import VersionPolicy

_LEASE_MARGIN_SECONDS: Final = 5

_RESERVED_SHARE: Final = 0.2
_MAX_RESERVED_SECONDS: Final = 30
"""The share of the remaining time, at most this long, that is reserved for committing or cleaning up."""

_PROGRESS_INTERVAL_SECONDS: Final = 1


@dataclass(frozen=True, slots=True)
class Exporter:
    """Exports packages.

    Attributes:
        artifacts: The artifacts table.
        definitions: Reads definitions.
        packages: Claims and packages in the packages table.
        bundles: The bundle bucket.
        limits: The maximum size of a package.
        version_policy: Returns the check of versions, which few exports ask for.
        signer: Signs packages.
        refuses_secrets: Whether what looks like a secret is a reason to refuse.
        clock: Returns epoch seconds.
        new_attempt_id: Returns a unique id.
    """

    artifacts: ArtifactTable
    definitions: DefinitionReader
    packages: PackageStore
    bundles: BundleStore
    limits: Limits
    version_policy: Callable[[], VersionPolicy]
    signer: PackageSigner
    refuses_secrets: bool = True
    clock: Callable[[], float] = time.time
    new_attempt_id: Callable[[], str] = lambda: uuid.uuid4().hex

    def export(self, command: ExportCommand, seconds_left: float) -> ExportedPackage:
        """Resolve the artifacts, claim the version, write the bundle, sign and commit the package.

        A repeated request, with the same request id, returns the package of the first one.

        Args:
            command: What to export.
            seconds_left: Remaining run time of this process, which determines the deadline and the lease.

        Raises:
            InstallHubError: The export is refused, with every reason, or would exceed the deadline.
            VersionHeldError: The version is exported or claimed, possibly by another attempt of the same request.
            ServiceUnavailableError: A service is unavailable; the attempt has no visible effect.
        """
        deadline = self.clock() + seconds_left - min(seconds_left * _RESERVED_SHARE, _MAX_RESERVED_SECONDS)
        package = command.package
        if earlier := self._find_earlier_result(command, package.package_id):
            return earlier
        conditions = replace(command.conditions, no_secrets=self.refuses_secrets)
        plan = plan_export(self.artifacts, command.tenant, command.roots, self.limits, conditions)
        if plan.problems:
            raise InstallHubError([*plan.problems, *self._conflict(command, package.package_id)])
        nodes = [plan.closure.nodes[artifact_id] for artifact_id in plan.install_order]
        manifest = build_manifest(package, plan.closure.roots, nodes)
        if command.enforces_version:
            too_low = self.version_policy().check(command, manifest, plan.closure.nodes)
            if too_low:
                raise InstallHubError([*too_low, *self._conflict(command, package.package_id)])
        attempt = self._new_attempt(package.package_id, command.accepted)
        record = None
        try:
            claim = self._claim(command, attempt, seconds_left, len(nodes))
            self._remove_leftovers(claim, attempt)
            encoded = encode_manifest(manifest)
            written = self._write(command, attempt, encoded, nodes, deadline)
            record = self.signer.signed(written, manifest, encoded)
            self._commit(attempt, record)
        except ServiceUnavailableError:
            if not self._roll_back(attempt) or record is None:
                raise  # otherwise the commit succeeded and only the response to it was lost
        except VersionHeldError:  # an earlier attempt of the same request may have committed in the meantime
            if earlier := self._find_earlier_result(command, package.package_id):
                return earlier
            raise
        except BaseException:
            self._roll_back(attempt)
            raise
        return ExportedPackage(record, manifest)

    def _new_attempt(self, package_id: str, accepted: AcceptedExport | None) -> Claim:
        attempt_id = self.new_attempt_id()
        key = self.bundles.object_key(package_id, attempt_id)
        return Claim(package_id, attempt_id, (key,), None if accepted is None else accepted.expires_at)

    def _roll_back(self, attempt: Claim) -> bool:
        """Remove the claim and the object of an attempt. True if it was committed, in which case nothing is removed."""
        if discard_claim(self.packages, self.bundles, attempt):
            return False
        (object_key,) = attempt.object_keys
        record = self.packages.find(attempt.package_id)
        if record is not None and record.bundle_key == object_key:
            return True
        self.bundles.delete(object_key)  # the lease ended and another attempt took over the claim
        return False

    def _find_earlier_result(self, command: ExportCommand, package_id: str) -> ExportedPackage | None:
        """The package that an earlier attempt of the same request exported, if any."""
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
            *attempt.object_keys,
            now=now,
            lease_until=now + int(seconds_left) + _LEASE_MARGIN_SECONDS,
            request_id=command.request_id,
            accepted=command.accepted,
            total=total,
        )

    def _remove_leftovers(self, claim: Claim, attempt: Claim) -> None:
        for key in claim.object_keys:
            if key not in attempt.object_keys:
                self.bundles.delete(key)

    def _commit(self, attempt: Claim, record: PackageRecord) -> None:
        if not self.packages.commit(attempt, record):
            raise ServiceUnavailableError("export lease")

    def _write(
        self,
        command: ExportCommand,
        attempt: Claim,
        manifest: bytes,
        nodes: list[ArtifactNode],
        deadline: float,
    ) -> PackageRecord:
        (key,) = attempt.object_keys
        definitions = self._within_deadline(self.definitions.read(command.tenant, nodes), attempt, deadline)
        with self.bundles.upload(key) as upload:
            layout: BundleLayout = write_bundle(upload.write, manifest, nodes, definitions)
        return PackageRecord(
            description=command.package,
            tenant=command.tenant,
            checksum=upload.checksum,
            bundle_key=key,
            layout=layout,
            artifact_count=len(nodes),
            exported_at=format_timestamp(self.clock()),
            exported_by=command.requested_by,
            request_id=command.request_id,
            requested_at=None if command.accepted is None else command.accepted.requested_at,
        )

    def _within_deadline(
        self, definitions: Iterable[PackedDefinition], attempt: Claim, deadline: float
    ) -> Iterator[PackedDefinition]:
        """Yield ``definitions`` until the deadline, and report the progress of an asynchronous export.

        Raises:
            InstallHubError: ExportTakesTooLong.
        """
        reported_at = self.clock()
        for written, definition in enumerate(definitions):
            now = self.clock()
            if now > deadline:
                raise InstallHubError.of(ErrorCode.EXPORT_TAKES_TOO_LONG)
            if attempt.queued_until is not None and now - reported_at >= _PROGRESS_INTERVAL_SECONDS:
                self.packages.report_progress(attempt, written)
                reported_at = now
            yield definition
