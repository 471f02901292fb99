"""Validation of artifacts before they are published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from installhub.artifacts import items
from installhub.artifacts.field_reader import FieldProblem, FieldReader
from installhub.artifacts.requirement_validation import read_requirements
from installhub.artifacts.secret_scan import find_secrets, without_secrets
from installhub.model.artifact import MAX_DEFINITION_BYTES, MAX_NAME_LENGTH, ArtifactNode, ArtifactStatus, ArtifactType
from installhub.model.definition import canonical_json, sha256_hex
from installhub.model.findings import is_fingerprint, pack_findings
from installhub.model.references import find_references, pack_references
from installhub.model.requirement import Requirement

_MAX_EDGE_BYTES: Final = 380 * 1024  # the limit of an item is 400 KB
_REQUIRED: Final = {"tenantId", "artifactId", "type", "name", "status", "dependencies", "definition"}
_OPTIONAL: Final = {"requirements", "acknowledgedFindings"}

MAX_ACKNOWLEDGED: Final = 100
"""Maximum number of acknowledged findings of one artifact."""


class InvalidArtifactError(ValueError):
    """An artifact that cannot be stored.

    Attributes:
        problems: Everything that is wrong with it; at least one.
        pointer: JSON pointer to the first invalid field (RFC 6901).
    """

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__("; ".join(f"{pointer} {detail}".strip() for pointer, detail in problems[:5]))
        self.problems = problems
        self.pointer = problems[0].pointer


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
        requirements: What it needs from the tenant it will run in; each has a name of its own.
        acknowledged: Fingerprints of findings that are declared harmless, without duplicates.
        references: What could be ids of other artifacts in the definition, packed; None if it was not searched.

    Raises:
        InvalidArtifactError: The dependencies and requirements are too many or too long for an item.
    """

    tenant: str
    id: str
    type: ArtifactType
    name: str
    status: ArtifactStatus
    dependencies: tuple[str, ...]
    definition: bytes
    requirements: tuple[Requirement, ...] = ()
    acknowledged: tuple[str, ...] = ()
    references: bytes | None = None

    def __post_init__(self) -> None:
        if items.edge_size(items.edge_item(self.tenant, self.to_node(packed_size=0))) > _MAX_EDGE_BYTES:
            detail = "are too many or too long for one artifact, together with its requirements"
            raise InvalidArtifactError([FieldProblem("/dependencies", detail)])

    def to_node(self, packed_size: int, updated_at: int | None = None, *, search: bool = False) -> ArtifactNode:
        """The artifact as a node of the dependency graph.

        Args:
            packed_size: Size of the packed definition in bytes.
            updated_at: When it was changed, in epoch seconds.
            search: Whether to search for secrets. What looks like one is then no longer among the references.
        """
        found = find_secrets(self.tenant, self.name, self.requirements, self.definition) if search else None
        references = without_secrets(self.references) if found and self.references is not None else self.references
        return ArtifactNode(
            id=self.id,
            type=self.type,
            name=self.name,
            status=self.status,
            dependencies=self.dependencies,
            sha256=sha256_hex(self.definition),
            size=len(self.definition),
            packed_size=packed_size,
            requirements=self.requirements,
            acknowledged=self.acknowledged,
            updated_at=updated_at,
            references=references,
            findings=None if found is None else pack_findings(found),
        )

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read an artifact from a JSON object.

        Raises:
            InvalidArtifactError: Fields are missing, unknown or invalid.
        """
        reader = FieldReader()
        if not isinstance(value, Mapping):
            raise InvalidArtifactError([FieldProblem("", "is not an object")])
        reader.check_names(value, "", _REQUIRED, _OPTIONAL)
        fields = {name: _read_field(reader, name, value[name]) for name in value if name in _READERS}
        if reader.problems:
            raise InvalidArtifactError(reader.problems)
        references = find_references(value["definition"], fields["artifactId"], fields["dependencies"])
        attributes = {_READERS[name][0]: field for name, field in fields.items()}
        return cls(**attributes, references=pack_references(references))


def _dependencies(reader: FieldReader, value: object, pointer: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        reader.add(pointer, "is not a list of ids")
        return ()
    return tuple(
        dict.fromkeys(reader.identifier(dependency, f"{pointer}/{index}") for index, dependency in enumerate(value))
    )


def _fingerprints(reader: FieldReader, value: object, pointer: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_ACKNOWLEDGED:
        reader.add(pointer, f"is not a list of at most {MAX_ACKNOWLEDGED} fingerprints")
        return ()
    for index, fingerprint in enumerate(value):
        if not is_fingerprint(fingerprint):
            reader.add(f"{pointer}/{index}", "is not a fingerprint")
    return () if reader.problems else tuple(dict.fromkeys(value))


def _definition(reader: FieldReader, value: Any, pointer: str) -> bytes:  # noqa: ANN401  # any JSON value
    try:
        encoded = canonical_json(value)
    except (ValueError, TypeError, RecursionError) as error:
        reader.add(pointer, f"cannot be written as JSON: {error}")
        return b""
    if len(encoded) > MAX_DEFINITION_BYTES:
        reader.add(pointer, f"has {len(encoded)} bytes; the limit is {MAX_DEFINITION_BYTES}")
    return encoded


# The attribute of ArtifactInput and how it is read, by JSON name.
_READERS: Final[Mapping[str, tuple[str, Any]]] = {
    "tenantId": ("tenant", FieldReader.identifier),
    "artifactId": ("id", FieldReader.identifier),
    "type": ("type", lambda reader, value, pointer: reader.member(ArtifactType, value, pointer)),
    "name": ("name", lambda reader, value, pointer: reader.text(value, pointer, MAX_NAME_LENGTH)),
    "status": ("status", lambda reader, value, pointer: reader.member(ArtifactStatus, value, pointer)),
    "dependencies": ("dependencies", _dependencies),
    "definition": ("definition", _definition),
    "requirements": ("requirements", read_requirements),
    "acknowledgedFindings": ("acknowledged", _fingerprints),
}


def _read_field(reader: FieldReader, name: str, value: object) -> Any:  # noqa: ANN401  # as the reader returns it
    return _READERS[name][1](reader, value, f"/{name}")
