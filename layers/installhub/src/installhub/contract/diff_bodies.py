"""Builds the JSON of comparisons; :mod:`installhub.contract.diff_models` describes its fields."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from installhub.changes.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from installhub.changes.adviser import Reason
    from installhub.changes.manifest_diff import ArtifactChange, ManifestEntry
    from installhub.model.package import PackageDescription
    from installhub.packages.comparison import ChangedPlaces, Comparison


def diff_body(
    old: PackageDescription, new: PackageDescription, comparison: Comparison, *, with_places: bool = True
) -> dict[str, Any]:
    """The body for what changed from ``old`` to ``new``; without the places in definitions, it is much smaller."""
    difference = comparison.difference
    return {
        "from": _package(old),
        "to": _package(new),
        "added": [_artifact(entry) for entry in difference.added],
        "removed": [_artifact(entry) for entry in difference.removed],
        "changed": [
            _changed_artifact(change, comparison.places[change.new.id], with_places=with_places)
            for change in difference.changed
        ],
        "unchanged": difference.unchanged,
        "suggestedBump": comparison.suggested_bump.value,
        "reasons": [_reason(reason) for reason in comparison.reasons],
    }


def _package(package: PackageDescription) -> dict[str, str]:
    return {"packageId": package.package_id, "packageName": package.name, "version": package.version}


def _artifact(entry: ManifestEntry) -> dict[str, str]:
    return {"type": entry.type, "id": entry.id, "name": entry.name, "sha256": entry.sha256}


def _changed_artifact(change: ArtifactChange, places: ChangedPlaces, *, with_places: bool) -> dict[str, Any]:
    old, new = change.old, change.new
    edits = places.edits if with_places else ()
    body: dict[str, Any] = {
        **_artifact(new),
        "previousSha256": old.sha256,
        "dependenciesAdded": _only(new.dependencies, old.dependencies),
        "dependenciesRemoved": _only(old.dependencies, new.dependencies),
        "changes": [{"op": edit.operation.value, "pointer": edit.pointer} for edit in edits],
        "truncated": places.is_truncated or len(edits) < len(places.edits),
    }
    if old.type != new.type:
        body["previousType"] = old.type
    if old.name != new.name:
        body["previousName"] = old.name
    if old.requirements != new.requirements:
        body["requirements"] = [json.loads(fields) for fields in new.requirements.values()]
        body["previousRequirements"] = [json.loads(fields) for fields in old.requirements.values()]
    return body


def _only(ids: Iterable[str], others: Iterable[str]) -> list[str]:
    excluded = set(others)
    return [artifact_id for artifact_id in ids if artifact_id not in excluded]


def _reason(reason: Reason) -> dict[str, Any]:
    fields = {
        "rule": reason.rule.value,
        "bump": RULES[reason.rule].bump.value,
        "detail": reason.detail,
        "artifactId": reason.artifact_id,
        "package": reason.side.value,
        "document": reason.document.value,
        "pointer": reason.pointer,
    }
    return {name: value for name, value in fields.items() if value is not None}
