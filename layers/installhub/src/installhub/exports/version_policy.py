"""The version policy of exports: a version must not be lower than the changes since the previous one suggest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from installhub.artifacts.definition_reader import DefinitionReader
from installhub.changes.adviser import Reason, is_read
from installhub.changes.manifest_diff import ArtifactChange, compare_manifests
from installhub.changes.rules import RULES, Bump, highest
from installhub.model.definition import unpack
from installhub.model.errors import ErrorCode, Problem
from installhub.model.version import has_reached, next_version
from installhub.packages.bundle_entries import read_entries
from installhub.packages.bundle_store import BundleStore
from installhub.packages.comparison import compared_definitions, definition_reasons, find_reasons
from installhub.packages.manifests import read_manifest
from installhub.packages.package_index import PackageIndex
from installhub.packages.previous_version import previous_version
from installhub.packages.store import PackageStore

if TYPE_CHECKING:
    from installhub.exports.commands import ExportCommand
    from installhub.model.artifact import ArtifactNode
    from installhub.packages.records import PackageRecord

_MAX_CAUSES: Final = 10
"""Maximum number of reasons in the detail of a refusal; a comparison lists all of them."""


@dataclass(frozen=True, slots=True)
class VersionPolicy:
    """Compares what is to be exported with the next lower version of the same name.

    Attributes:
        index: The package index.
        packages: The packages table.
        bundles: The bundle bucket.
        definitions: Reads the definitions to be exported.
    """

    index: PackageIndex
    packages: PackageStore
    bundles: BundleStore
    definitions: DefinitionReader

    def check(
        self, command: ExportCommand, manifest: Mapping[str, Any], nodes: Mapping[str, ArtifactNode]
    ) -> list[Problem]:
        """The problem with the version, if there is one; none if there is no lower version.

        Args:
            command: What to export.
            manifest: The manifest of the package.
            nodes: Its artifacts by id.

        Raises:
            ServiceUnavailableError: A service is unavailable.
        """
        previous = previous_version(self.index, self.packages, command.tenant, command.name, command.version)
        if previous is None:
            return []
        reasons = self._reasons(command.tenant, previous, manifest, nodes)
        bump = highest(reason.rule for reason in reasons)
        if bump is Bump.NONE:
            return []
        suggested = next_version(previous.description.version, bump.value)
        if has_reached(command.version, suggested):
            return []
        causes = [reason.detail for reason in reasons if RULES[reason.rule].bump is bump]
        more = f" And {len(causes) - _MAX_CAUSES} more." if len(causes) > _MAX_CAUSES else ""
        detail = (
            f"The changes since {previous.description.version} suggest a {bump.value} step, to {suggested} or above. "
            f"{' '.join(causes[:_MAX_CAUSES])}{more}"
        )
        return [Problem(ErrorCode.VERSION_TOO_LOW, detail, pointer="/version", suggested=suggested)]

    def _reasons(
        self, tenant: str, previous: PackageRecord, manifest: Mapping[str, Any], nodes: Mapping[str, ArtifactNode]
    ) -> tuple[Reason, ...]:
        before = read_manifest(self.bundles, previous)
        difference = compare_manifests(before, manifest)
        compared = compared_definitions([change for change in difference.changed if is_read(change)])
        paths = [artifact["path"] for artifact in before["artifacts"]]
        old = read_entries(self.bundles, previous, paths, [change.old for change in compared])
        new = self._new_definitions(tenant, compared, nodes)
        schemas = {
            artifact_id: definition_reasons(artifact_id, old[artifact_id], new[artifact_id]) for artifact_id in old
        }
        return find_reasons(difference, schemas)

    def _new_definitions(
        self, tenant: str, compared: Sequence[ArtifactChange], nodes: Mapping[str, ArtifactNode]
    ) -> dict[str, bytes]:
        read = [nodes[change.new.id] for change in compared]
        return {
            node.id: unpack(b"".join(packed.chunks), packed.size)
            for node, packed in zip(read, self.definitions.read(tenant, read), strict=True)
        }
