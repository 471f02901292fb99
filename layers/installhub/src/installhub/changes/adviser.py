"""The SemVer adviser: applies its rules to the differences between two packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from installhub.changes.entity_schemas import Field, read_fields
from installhub.changes.manifest_diff import ArtifactChange, ManifestDiff, RequirementChange
from installhub.changes.rules import Rule
from installhub.model.artifact import ArtifactType
from installhub.model.text import shown

_MAX_SHOWN_NAME: Final = 200


class Side(StrEnum):
    """The two packages of a comparison."""

    FROM = "from"
    TO = "to"


class Document(StrEnum):
    """The documents that a pointer may lead into."""

    MANIFEST = "manifest"
    DEFINITION = "definition"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a version step is suggested.

    Attributes:
        rule: The rule that applies.
        detail: What it applies to.
        artifact_id: The artifact; None if the package itself changed.
        side: The package that shows it: the old one if something was removed, else the new one.
        document: What ``pointer`` leads into: the package's manifest, or the artifact's definition.
        pointer: JSON pointer (RFC 6901).
    """

    rule: Rule
    detail: str
    artifact_id: str | None
    side: Side
    document: Document
    pointer: str


def is_read(change: ArtifactChange) -> bool:
    """Whether the rules look into the definitions of an artifact."""
    return change.has_new_definition and change.old.type == change.new.type == ArtifactType.ENTITY_SCHEMA


def manifest_reasons(difference: ManifestDiff) -> Iterator[Reason]:
    """Yield the reasons that manifests show, except those of :func:`artifact_reasons`."""
    for entry in difference.removed:
        detail = f"The {entry.type} {_quoted(entry.name)} was removed."
        pointer = f"/artifacts/{entry.position}"
        yield Reason(Rule.ARTIFACT_REMOVED, detail, entry.id, Side.FROM, Document.MANIFEST, pointer)
    for entry in difference.added:
        detail = f"The {entry.type} {_quoted(entry.name)} was added."
        yield _in_manifest(Rule.ARTIFACT_ADDED, detail, entry.id, f"/artifacts/{entry.position}")
    for requirement in difference.requirements:
        yield from _requirement_reasons(requirement)
    for name in difference.fields:
        yield _in_manifest(Rule.OTHER_CHANGE, f"The package's {name} changed.", None, f"/{name}")


def artifact_reasons(difference: ManifestDiff, change: ArtifactChange, schema: list[Reason]) -> Iterator[Reason]:
    """Yield the reasons that a changed artifact gives: at least one.

    Args:
        difference: The difference between the packages.
        change: The artifact.
        schema: What :func:`schema_reasons` found, if the rules look into its definitions.
    """
    found = list(schema)
    pointer = f"/artifacts/{change.new.position}"
    if change.old.type != change.new.type:
        detail = f"The type changed from {change.old.type} to {change.new.type}."
        if change.new.id in difference.roots:
            found.append(_in_manifest(Rule.ROOT_RETYPED, detail, change.new.id, f"{pointer}/type"))
        elif change.old.type == ArtifactType.ENTITY_SCHEMA:
            found.append(_in_manifest(Rule.SCHEMA_REPLACED, detail, change.new.id, f"{pointer}/type"))
    if not found:
        detail = f"The {change.new.type} {_quoted(change.new.name)} changed."
        found.append(_in_manifest(Rule.OTHER_CHANGE, detail, change.new.id, pointer))
    yield from found


def schema_reasons(artifact_id: str, old: object, new: object) -> list[Reason]:
    """The reasons that the fields of a changed EntitySchema give, from its two definitions."""
    before, after = read_fields(old), read_fields(new)
    if before is None or after is None:
        side = Side.FROM if before is None else Side.TO
        detail = "The definition has neither `fields` with names and types nor `properties` of a JSON Schema."
        return [Reason(Rule.SCHEMA_NOT_READ, detail, artifact_id, side, Document.DEFINITION, "")]
    found = []
    for name, field in before.items():
        if name not in after:
            detail = f"The field {_quoted(name)} was removed."
            found.append(Reason(Rule.FIELD_REMOVED, detail, artifact_id, Side.FROM, Document.DEFINITION, field.pointer))
    for name, field in after.items():
        found += [
            Reason(rule, detail, artifact_id, Side.TO, Document.DEFINITION, field.pointer)
            for rule, detail in _field_rules(_quoted(name), before.get(name), field)
        ]
    return found


def schema_too_large(artifact_id: str) -> Reason:
    """The reason if the definitions of a changed EntitySchema are not compared."""
    detail = "The definition is too large, or nested too deeply, to be compared."
    return Reason(Rule.SCHEMA_NOT_READ, detail, artifact_id, Side.TO, Document.DEFINITION, "")


def _field_rules(name: str, old: Field | None, new: Field) -> Iterator[tuple[Rule, str]]:
    if old is None:
        if new.is_required:
            yield Rule.FIELD_REQUIRED, f"The required field {name} was added."
        else:
            yield Rule.OPTIONAL_FIELD_ADDED, f"The optional field {name} was added."
        return
    if new.type != old.type:
        yield Rule.FIELD_RETYPED, f"The field {name} got another type."
    if new.is_required and not old.is_required:
        yield Rule.FIELD_REQUIRED, f"The field {name} became required."


def _requirement_reasons(change: RequirementChange) -> Iterator[Reason]:
    artifact_id, pointer = change.new["requiredBy"][0], f"/requirements/{change.position}"
    name = _quoted(change.name)
    has_default = "default" in change.new
    if change.old is None:
        rule = Rule.REQUIREMENT_WITH_DEFAULT_ADDED if has_default else Rule.REQUIREMENT_ADDED
        added = "with" if has_default else "without"
        yield _in_manifest(rule, f"The requirement {name} {added} default was added.", artifact_id, pointer)
    elif not has_default and ("default" in change.old or _kind(change.old) != _kind(change.new)):
        detail = f"The requirement {name} has no default: each installation has to supply it."
        yield _in_manifest(Rule.REQUIREMENT_ADDED, detail, artifact_id, pointer)


def _kind(requirement: Mapping[str, Any]) -> tuple[object, object]:
    return requirement["kind"], requirement.get("valueType")


def _in_manifest(rule: Rule, detail: str, artifact_id: str | None, pointer: str) -> Reason:
    return Reason(rule, detail, artifact_id, Side.TO, Document.MANIFEST, pointer)


def _quoted(name: str) -> str:
    return f"`{shown(name, _MAX_SHOWN_NAME)}`"
