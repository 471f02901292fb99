"""Requirements: what an artifact needs from the tenant it will run in, such as a connection or a variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RequirementKind(StrEnum):
    """The kinds of requirement."""

    CONNECTION = "connection"
    VARIABLE = "variable"
    SECRET = "secret"  # noqa: S105  # a kind, not a password


class ValueType(StrEnum):
    """The types of the value that a tenant supplies."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something that the target tenant has to supply before an artifact can run there.

    Attributes:
        name: Identifies it within the tenant.
        kind: What has to be supplied.
        description: Free text for the person who supplies it.
        value_type: The type of the value.
        default: The value if the tenant supplies none; never for a secret. None if there is no default.
    """

    name: str
    kind: RequirementKind
    description: str | None = None
    value_type: ValueType | None = None
    default: str | float | bool | None = None

    def as_json(self) -> dict[str, Any]:
        """The requirement as JSON, without the fields that are not set."""
        fields: dict[str, Any] = {"name": self.name, "kind": self.kind.value}
        if self.description is not None:
            fields["description"] = self.description
        if self.value_type is not None:
            fields["valueType"] = self.value_type.value
        if self.default is not None:
            fields["default"] = self.default
        return fields

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Requirement:
        """The inverse of :meth:`as_json`."""
        return cls(
            name=fields["name"],
            kind=RequirementKind(fields["kind"]),
            description=fields.get("description"),
            value_type=ValueType(fields["valueType"]) if "valueType" in fields else None,
            default=fields.get("default"),
        )
