"""Packages for tests of comparisons."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from installhub.bundler.manifest import build_manifest
from installhub.changes.adviser import artifact_reasons, is_read, manifest_reasons, schema_reasons
from installhub.changes.manifest_diff import compare_manifests
from installhub.model.artifact import ArtifactNode, ArtifactType, PackageType
from installhub.model.definition import canonical_json, sha256_hex
from installhub.model.package import PackageDescription
from tests.builders import node

if TYPE_CHECKING:
    from installhub.changes.adviser import Reason
    from installhub.model.requirement import Requirement


class Contents(dict[str, tuple[ArtifactNode, Any]]):
    """Artifacts with their definitions, by id."""

    def with_artifact(
        self,
        artifact_id: str,
        *dependencies: str,
        kind: ArtifactType = ArtifactType.CONFIGURATION,
        name: str | None = None,
        definition: Any = "definition",  # noqa: ANN401  # any JSON value
        requirements: tuple[Requirement, ...] = (),
    ) -> Contents:
        """Return the contents with an artifact added or replaced."""
        made = node(artifact_id, *dependencies, kind=kind, name=name)
        digest = sha256_hex(canonical_json(definition))
        return Contents({**self, artifact_id: (replace(made, requirements=requirements, sha256=digest), definition)})

    def without(self, artifact_id: str) -> Contents:
        """Return the contents without an artifact."""
        return Contents({key: value for key, value in self.items() if key != artifact_id})

    def manifest(self, *roots: str, description: str | None = None) -> dict[str, Any]:
        """Return the manifest of a package with these contents."""
        package = PackageDescription("pkg", "Name", "1.0.0", PackageType.CONFIG, description, None, ())
        return build_manifest(package, roots, [found for found, _ in self.values()])


def reasons(old: Contents, new: Contents, *roots: str) -> list[Reason]:
    """Return all reasons for a version step from ``old`` to ``new``."""
    difference = compare_manifests(old.manifest(*roots), new.manifest(*roots))
    found = list(manifest_reasons(difference))
    for change in difference.changed:
        read = is_read(change)
        schema = schema_reasons(change.new.id, old[change.new.id][1], new[change.new.id][1]) if read else []
        found += artifact_reasons(difference, change, schema)
    return found
