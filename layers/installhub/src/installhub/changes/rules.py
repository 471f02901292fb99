"""The rules of the SemVer adviser: what a change means for those who use a package. docs/semver.md shows this table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Bump(StrEnum):
    """Which part of a version to increase, the lowest first."""

    NONE = "none"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"

    @property
    def rank(self) -> int:
        """The position in the order."""
        return list(Bump).index(self)


class Rule(StrEnum):
    """The rules by name, those that break users first."""

    ARTIFACT_REMOVED = "ArtifactRemoved"
    ROOT_RETYPED = "RootRetyped"
    SCHEMA_REPLACED = "SchemaReplaced"
    FIELD_REMOVED = "FieldRemoved"
    FIELD_RETYPED = "FieldRetyped"
    FIELD_REQUIRED = "FieldRequired"
    REQUIREMENT_ADDED = "RequirementAdded"
    ARTIFACT_ADDED = "ArtifactAdded"
    OPTIONAL_FIELD_ADDED = "OptionalFieldAdded"
    REQUIREMENT_WITH_DEFAULT_ADDED = "RequirementWithDefaultAdded"
    SCHEMA_NOT_READ = "SchemaNotRead"
    OTHER_CHANGE = "OtherChange"


@dataclass(frozen=True, slots=True)
class RuleKind:
    """The properties of a rule.

    Attributes:
        bump: The part of the version that it suggests to increase.
        description: When it applies.
    """

    bump: Bump
    description: str


RULES: Final[Mapping[Rule, RuleKind]] = MappingProxyType(
    {
        Rule.ARTIFACT_REMOVED: RuleKind(Bump.MAJOR, "An artifact was removed."),
        Rule.ROOT_RETYPED: RuleKind(Bump.MAJOR, "A root artifact got another type."),
        Rule.SCHEMA_REPLACED: RuleKind(Bump.MAJOR, "An EntitySchema became an artifact of another type."),
        Rule.FIELD_REMOVED: RuleKind(Bump.MAJOR, "A field of an EntitySchema was removed."),
        Rule.FIELD_RETYPED: RuleKind(Bump.MAJOR, "A field of an EntitySchema got another type."),
        Rule.FIELD_REQUIRED: RuleKind(
            Bump.MAJOR, "A field of an EntitySchema became required, or a required one was added."
        ),
        Rule.REQUIREMENT_ADDED: RuleKind(
            Bump.MAJOR,
            "A requirement without default was added, or a requirement lost its default, or one without default got "
            "another kind or value type.",
        ),
        Rule.ARTIFACT_ADDED: RuleKind(Bump.MINOR, "An artifact was added."),
        Rule.OPTIONAL_FIELD_ADDED: RuleKind(Bump.MINOR, "An optional field of an EntitySchema was added."),
        Rule.REQUIREMENT_WITH_DEFAULT_ADDED: RuleKind(Bump.MINOR, "A requirement with a default was added."),
        Rule.SCHEMA_NOT_READ: RuleKind(
            Bump.MINOR,
            "An EntitySchema changed, but could not be read: it has neither `fields` nor `properties`, or is too "
            "large. It may be more than a minor change.",
        ),
        Rule.OTHER_CHANGE: RuleKind(Bump.PATCH, "Anything else changed."),
    }
)


def highest(rules: Iterable[Rule]) -> Bump:
    """What a set of changes suggests, by the rules that apply to them: the most that one of them does."""
    return max((RULES[rule].bump for rule in rules), key=lambda bump: bump.rank, default=Bump.NONE)
