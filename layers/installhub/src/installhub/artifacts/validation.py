"""Validation of artifacts before they are published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

from installhub.artifacts import items
from installhub.model.artifact import MAX_DEFINITION_BYTES, MAX_ID_LENGTH, ArtifactNode, ArtifactStatus, ArtifactType
from installhub.model.definition import canonical_json, sha256_hex
from installhub.model.text import is_encodable, is_printable

MAX_NAME_LENGTH: Final = 1_000
_MAX_EDGE_BYTES: Final = 380 * 1024  # the limit of an item is 400 KB
_FIELDS: Final = frozenset({"tenantId", "artifactId", "type", "name", "status", "dependencies", "definition"})
_Enum = TypeVar("_Enum", ArtifactType, ArtifactStatus)


class InvalidArtifactError(ValueError):
    """An artifact that cannot be stored.

    Attributes:
        pointer: JSON pointer to the invalid field (RFC 6901).
        detail: What is wrong with the field.
    """

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer}: {detail}")
        self.pointer = pointer
        self.detail = detail


@dataclass(frozen=True, slots=True)
class ArtifactInput:
    """An artifact to be published.

    Attributes:
        tenant: Id of its tenant.
        id: Unique within the tenant.
        type: The kind of artifact.
        name: Display name.
        status: Whether it can be exported.
        dependencies: Ids it depends on, in declared order, without duplicates.
        definition: The definition as canonical JSON.

    Raises:
        InvalidArtifactError: The dependencies are too many or too long for an item.
    """

    tenant: str
    id: str
    type: ArtifactType
    name: str
    status: ArtifactStatus
    dependencies: tuple[str, ...]
    definition: bytes

    def __post_init__(self) -> None:
        if items.edge_size(items.edge_item(self.tenant, self.to_node(packed_size=0))) > _MAX_EDGE_BYTES:
            raise InvalidArtifactError("/dependencies", "are too many or too long for one artifact")

    def to_node(self, packed_size: int) -> ArtifactNode:
        """The artifact as a node of the dependency graph; ``packed_size`` is in bytes."""
        return ArtifactNode(
            id=self.id,
            type=self.type,
            name=self.name,
            status=self.status,
            dependencies=self.dependencies,
            sha256=sha256_hex(self.definition),
            size=len(self.definition),
            packed_size=packed_size,
        )

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read an artifact from a JSON object; unknown fields are ignored.

        Raises:
            InvalidArtifactError: A field is missing or invalid.
        """
        if not isinstance(value, Mapping):
            raise InvalidArtifactError("", "is not an object")
        if missing := sorted(_FIELDS - value.keys()):
            raise InvalidArtifactError(f"/{missing[0]}", "is missing")
        dependencies = value["dependencies"]
        if not isinstance(dependencies, list):
            raise InvalidArtifactError("/dependencies", "is not a list of ids")
        return cls(
            tenant=_text(value["tenantId"], "/tenantId", MAX_ID_LENGTH),
            id=_text(value["artifactId"], "/artifactId", MAX_ID_LENGTH),
            type=_enum_member(ArtifactType, value["type"], "/type"),
            name=_text(value["name"], "/name", MAX_NAME_LENGTH, is_encodable, "cannot be written as UTF-8"),
            status=_enum_member(ArtifactStatus, value["status"], "/status"),
            dependencies=tuple(
                dict.fromkeys(
                    _text(dependency, f"/dependencies/{index}", MAX_ID_LENGTH)
                    for index, dependency in enumerate(dependencies)
                )
            ),
            definition=_definition(value["definition"]),
        )


def _text(
    value: object,
    pointer: str,
    max_length: int,
    is_valid: Callable[[str], bool] = is_printable,
    error_detail: str = "contains a character that is not printable",
) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= max_length:
        raise InvalidArtifactError(pointer, f"is not a string of 1 to {max_length} characters")
    if not is_valid(value):
        raise InvalidArtifactError(pointer, error_detail)
    return value


def _enum_member(enum: type[_Enum], value: object, pointer: str) -> _Enum:
    for member in enum:
        if member.value == value:
            return member
    raise InvalidArtifactError(pointer, f"is not one of {', '.join(enum)}")


def _definition(value: Any) -> bytes:  # noqa: ANN401  # any JSON value is a definition
    try:
        encoded = canonical_json(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidArtifactError("/definition", f"cannot be written as JSON: {error}") from error
    if len(encoded) > MAX_DEFINITION_BYTES:
        raise InvalidArtifactError("/definition", f"has {len(encoded)} bytes; the limit is {MAX_DEFINITION_BYTES}")
    return encoded
