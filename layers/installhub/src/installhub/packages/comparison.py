"""Compares two packages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from installhub.changes.adviser import (
    Reason,
    artifact_reasons,
    is_read,
    manifest_reasons,
    schema_reasons,
    schema_too_large,
)
from installhub.changes.json_diff import Edit, diff
from installhub.changes.manifest_diff import ArtifactChange, ManifestDiff, compare_manifests
from installhub.changes.rules import RULES, Bump, highest
from installhub.packages.bundle_entries import read_entries
from installhub.packages.manifests import read_manifest

if TYPE_CHECKING:
    from installhub.packages.bundle_store import BundleStore
    from installhub.packages.records import PackageRecord

MAX_PLACES: Final = 200
"""Maximum number of changed places of one artifact that are listed."""

MAX_COMPARED_DEFINITION: Final = 2 * 1024 * 1024
"""Maximum size of a definition that is compared, in bytes: parsing takes ten times the memory."""

MAX_COMPARED_BYTES: Final = 32 * 1024 * 1024
"""Maximum size of all definitions that are compared, in bytes."""

MAX_REASONS: Final = 200
"""Maximum number of reasons that one artifact gives, the most important ones. Two definitions have room for 100,000."""

MAX_COMPARED_ARTIFACTS: Final = 1_000
"""Maximum number of artifacts whose definitions are compared: each may take two requests."""


@dataclass(frozen=True, slots=True)
class ChangedPlaces:
    """Where the definition of an artifact changed.

    Attributes:
        edits: The places, at most :data:`MAX_PLACES`, without values.
        is_truncated: Whether there are more, or may be: the definitions were not compared.
    """

    edits: tuple[Edit, ...] = ()
    is_truncated: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one package to another.

    Attributes:
        difference: What the manifests show.
        places: Where definitions changed, by artifact id.
        reasons: Why a version step is suggested, the most important first.
    """

    difference: ManifestDiff
    places: Mapping[str, ChangedPlaces]
    reasons: tuple[Reason, ...]

    @property
    def suggested_bump(self) -> Bump:
        """The version step that the changes suggest."""
        return highest(reason.rule for reason in self.reasons)


def compare_packages(bundles: BundleStore, old: PackageRecord, new: PackageRecord) -> Comparison:
    """What changed from ``old`` to ``new``. Reads both manifests, and only the definitions that differ.

    Raises:
        DamagedBundleError: A bundle does not contain what its manifest lists.
        ServiceUnavailableError: S3 is unavailable.
    """
    with ThreadPoolExecutor(2) as pool:
        manifests = list(pool.map(lambda record: read_manifest(bundles, record), (old, new)))
        difference = compare_manifests(*manifests)
        compared = compared_definitions(difference.changed)
        contents = list(
            pool.map(
                lambda record, manifest, wanted: read_entries(bundles, record, _paths(manifest), wanted),
                (old, new),
                manifests,
                ([change.old for change in compared], [change.new for change in compared]),
            )
        )
    places, schemas = {}, {}
    for change in compared:
        before, after = (of_side[change.new.id] for of_side in contents)
        places[change.new.id] = _changed_places(before, after)
        if is_read(change):
            schemas[change.new.id] = definition_reasons(change.new.id, before, after)
    return Comparison(difference, _with_others(difference, places), find_reasons(difference, schemas))


def definition_reasons(artifact_id: str, old: bytes, new: bytes) -> list[Reason]:
    """The reasons that the definitions of a changed EntitySchema give, at most :data:`MAX_REASONS`."""
    try:
        found = schema_reasons(artifact_id, json.loads(old), json.loads(new))
    except RecursionError:  # publishing uses less of the stack, so it accepts what is nested a little deeper
        return [schema_too_large(artifact_id)]
    return _most_important_first(found)[:MAX_REASONS]


def find_reasons(difference: ManifestDiff, schemas: Mapping[str, list[Reason]]) -> tuple[Reason, ...]:
    """Why a version step is suggested, the most important first.

    Args:
        difference: What the manifests show.
        schemas: The reasons that the fields of changed EntitySchemas give, by artifact id, if they were compared.
    """
    reasons = list(manifest_reasons(difference))
    for change in difference.changed:
        fields = schemas.get(change.new.id, [schema_too_large(change.new.id)]) if is_read(change) else []
        reasons += artifact_reasons(difference, change, fields)
    return tuple(_most_important_first(reasons))


def compared_definitions(changed: Sequence[ArtifactChange]) -> list[ArtifactChange]:
    """The artifacts whose definitions are compared: those that the rules look into come first, as many as fit."""
    candidates = [change for change in changed if change.has_new_definition]
    compared: list[ArtifactChange] = []
    size = 0
    for change in sorted(candidates, key=lambda change: not is_read(change)):
        both = change.old.size + change.new.size
        is_small = max(change.old.size, change.new.size) <= MAX_COMPARED_DEFINITION
        if is_small and size + both <= MAX_COMPARED_BYTES and len(compared) < MAX_COMPARED_ARTIFACTS:
            compared.append(change)
            size += both
    return compared


def _most_important_first(reasons: list[Reason]) -> list[Reason]:
    return sorted(reasons, key=lambda reason: -RULES[reason.rule].bump.rank)


def _changed_places(old: bytes, new: bytes) -> ChangedPlaces:
    try:
        edits = tuple(
            edit._replace(value=None)  # which would keep the definition in memory
            for edit in islice(diff(json.loads(old), json.loads(new)), MAX_PLACES + 1)
        )
    except RecursionError:  # as above
        return ChangedPlaces(is_truncated=True)
    return ChangedPlaces(edits[:MAX_PLACES], len(edits) > MAX_PLACES)


def _with_others(difference: ManifestDiff, places: Mapping[str, ChangedPlaces]) -> dict[str, ChangedPlaces]:
    """The places of all changed artifacts, also of those whose definitions are the same or were not compared."""
    return {
        change.new.id: places.get(change.new.id, ChangedPlaces(is_truncated=change.has_new_definition))
        for change in difference.changed
    }


def _paths(manifest: Mapping[str, Any]) -> list[str]:
    return [artifact["path"] for artifact in manifest["artifacts"]]
