"""Compares the manifests of two packages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_PACKAGE_FIELDS: Final = ("packageType", "description", "author", "tags", "rootArtifacts")
"""The fields of a manifest whose change is one of the package itself. Name and version identify it."""


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """An artifact in a manifest.

    Attributes:
        id: Its id.
        type: Its type.
        name: Its name.
        path: Path of its definition in the bundle.
        size: Size of the definition in bytes.
        sha256: Digest of the definition.
        dependencies: Ids it depends on, in declared order.
        requirements: What it needs from the tenant, as canonical JSON by name.
        position: Its position in the manifest.
    """

    id: str
    type: str
    name: str
    path: str
    size: int
    sha256: str
    dependencies: tuple[str, ...]
    requirements: Mapping[str, str]
    position: int


@dataclass(frozen=True, slots=True)
class ArtifactChange:
    """An artifact that is in both packages, but not the same.

    Attributes:
        old: The artifact in the old package.
        new: The artifact in the new package.
    """

    old: ManifestEntry
    new: ManifestEntry

    @property
    def has_new_definition(self) -> bool:
        """Whether the definition changed, and not only what the manifest says."""
        return self.old.sha256 != self.new.sha256


@dataclass(frozen=True, slots=True)
class RequirementChange:
    """A requirement of the new package that the old one does not have in this form.

    Attributes:
        name: Its name.
        old: Its fields in the old package; None if it is new.
        new: Its fields in the new package.
        position: Its position in the new manifest.
    """

    name: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any]
    position: int


@dataclass(frozen=True, slots=True)
class ManifestDiff:
    """What changed from one package to another.

    Attributes:
        added: Artifacts that only the new package has, in its order.
        removed: Artifacts that only the old package has, in its order.
        changed: Artifacts that differ, in the order of the new package.
        unchanged: Number of artifacts that are the same.
        fields: Names of the manifest's own fields that changed.
        requirements: Requirements that are new or changed, in the order of the new manifest.
        roots: Ids of the root artifacts of either package.
    """

    added: tuple[ManifestEntry, ...]
    removed: tuple[ManifestEntry, ...]
    changed: tuple[ArtifactChange, ...]
    unchanged: int
    fields: tuple[str, ...]
    requirements: tuple[RequirementChange, ...]
    roots: frozenset[str]


def compare_manifests(old: Mapping[str, Any], new: Mapping[str, Any]) -> ManifestDiff:
    """What changed from the package with the manifest ``old`` to the one with the manifest ``new``."""
    before, after = ({entry.id: entry for entry in _entries(manifest)} for manifest in (old, new))
    kept = [ArtifactChange(before[entry.id], entry) for entry in after.values() if entry.id in before]
    changed = tuple(pair for pair in kept if _content(pair.old) != _content(pair.new))
    return ManifestDiff(
        added=tuple(entry for entry in after.values() if entry.id not in before),
        removed=tuple(entry for entry in before.values() if entry.id not in after),
        changed=changed,
        unchanged=len(kept) - len(changed),
        fields=tuple(name for name in _PACKAGE_FIELDS if old.get(name) != new.get(name)),
        requirements=tuple(_requirement_changes(_requirements(old), _requirements(new))),
        roots=frozenset({*old["rootArtifacts"], *new["rootArtifacts"]}),
    )


def _entries(manifest: Mapping[str, Any]) -> Iterable[ManifestEntry]:
    required: dict[str, dict[str, str]] = {}
    for requirement in _requirements(manifest):
        fields = _canonical(_without_requirers(requirement))
        for artifact_id in requirement["requiredBy"]:
            required.setdefault(artifact_id, {})[requirement["name"]] = fields
    for position, artifact in enumerate(manifest["artifacts"]):
        yield ManifestEntry(
            id=artifact["id"],
            type=artifact["type"],
            name=artifact["name"],
            path=artifact["path"],
            size=artifact["size"],
            sha256=artifact["sha256"],
            dependencies=tuple(artifact["dependencies"]),
            requirements=required.get(artifact["id"], {}),
            position=position,
        )


def _content(entry: ManifestEntry) -> tuple[object, ...]:
    return entry.type, entry.name, entry.sha256, entry.dependencies, entry.requirements


def _requirement_changes(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[RequirementChange]:
    before = {requirement["name"]: requirement for requirement in old}
    found = []
    for position, requirement in enumerate(new):
        name = requirement["name"]
        known = before.get(name)
        if known is None or _canonical(_without_requirers(known)) != _canonical(_without_requirers(requirement)):
            found.append(RequirementChange(name, known, requirement, position))
    return found


def _requirements(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = manifest.get("requirements", [])
    return found


def _without_requirers(requirement: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in requirement.items() if name != "requiredBy"}


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)
