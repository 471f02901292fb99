"""Reads a manifest, and refuses fields of the wrong kind. Unknown fields are ignored: later hubs may add some."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from installhub.model.artifact import MAX_ID_LENGTH, ArtifactType, PackageType
from installhub.model.requirement import RequirementKind, ValueType
from installhub.model.text import is_encodable, is_printable
from installhub.model.version import is_valid_version
from installhub.verification.reasons import Reason, VerificationError

MANIFEST_PATH: Final = "manifest.json"
FORMAT_VERSION: Final = "1"

_PACKAGE_ID: Final = re.compile(r"pkg-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")

Check = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artifact as the manifest lists it.

    Attributes:
        id: Unique in the package.
        type: The kind of artifact.
        path: The entry with its definition.
        size: Size of the definition in bytes.
        sha256: Hex digest of the definition.
        dependencies: Ids it depends on.
    """

    id: str
    type: ArtifactType
    path: str
    size: int
    sha256: str
    dependencies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement as the manifest lists it: its name, and the ids of the artifacts that have it."""

    name: str
    required_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest with fields of the right kinds.

    Attributes:
        package_id: Id of the package.
        name: Name of the package.
        version: Version of the package.
        roots: Ids of the requested artifacts.
        artifacts: The artifacts, in the order of the manifest.
        install_order: Ids of the artifacts.
        requirements: What the artifacts need from the tenant.
    """

    package_id: str
    name: str
    version: str
    roots: tuple[str, ...]
    artifacts: tuple[Artifact, ...]
    install_order: tuple[str, ...]
    requirements: tuple[Requirement, ...]


def read_manifest(value: object) -> Manifest:
    """The manifest in a JSON value.

    Raises:
        VerificationError: FormatUnknown or FieldWrong, with the JSON pointer of the field.
    """
    if not isinstance(value, dict):
        raise VerificationError(Reason.FIELD_WRONG, MANIFEST_PATH, "is not an object")
    if value.get("formatVersion") != FORMAT_VERSION:
        raise VerificationError(Reason.FORMAT_UNKNOWN, "/formatVersion", f"is not {FORMAT_VERSION}")
    _check(value, "", _PACKAGE_FIELDS)
    return Manifest(
        package_id=value["packageId"],
        name=value["name"],
        version=value["version"],
        roots=tuple(value["rootArtifacts"]),
        artifacts=tuple(_artifact(fields, f"/artifacts/{index}") for index, fields in enumerate(value["artifacts"])),
        install_order=tuple(value["installOrder"]),
        requirements=tuple(
            _requirement(fields, f"/requirements/{index}") for index, fields in enumerate(value.get("requirements", []))
        ),
    )


def _artifact(fields: object, pointer: str) -> Artifact:
    known = _check(fields, pointer, _ARTIFACT_FIELDS)
    return Artifact(
        id=known["id"],
        type=ArtifactType(known["type"]),
        path=known["path"],
        size=known["size"],
        sha256=known["sha256"],
        dependencies=tuple(known["dependencies"]),
    )


def _requirement(fields: object, pointer: str) -> Requirement:
    known = _check(fields, pointer, _REQUIREMENT_FIELDS)
    default, kind = known.get("default"), known["kind"]
    if default is not None and (kind == RequirementKind.SECRET or not _is_default(default, known.get("valueType"))):
        raise VerificationError(Reason.FIELD_WRONG, f"{pointer}/default")
    return Requirement(known["name"], tuple(known["requiredBy"]))


def _check(fields: object, pointer: str, checks: Mapping[str, Check]) -> Mapping[str, Any]:
    if not isinstance(fields, dict):
        raise VerificationError(Reason.FIELD_WRONG, pointer, "is not an object")
    for name, is_right in checks.items():
        if not is_right(fields.get(name)):
            raise VerificationError(Reason.FIELD_WRONG, f"{pointer}/{name}", "is missing or has a wrong value")
    return fields


def _is_text(value: object) -> bool:
    return isinstance(value, str) and is_encodable(value)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH and is_printable(value)


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_default(value: object, value_type: str | None) -> bool:
    if isinstance(value, bool):
        return value_type in (None, ValueType.BOOLEAN)
    if isinstance(value, int | float):
        return value_type in (None, ValueType.NUMBER) and (isinstance(value, int) or math.isfinite(value))
    return _is_text(value) and value_type in (None, ValueType.STRING, ValueType.URL)


def _matches(pattern: re.Pattern[str]) -> Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _one_of(kinds: type[ArtifactType | PackageType | RequirementKind | ValueType]) -> Check:
    values = {kind.value for kind in kinds}
    return lambda value: isinstance(value, str) and value in values


def _list_of(is_right: Check, *, least: int = 0) -> Check:
    return lambda value: isinstance(value, list) and len(value) >= least and all(map(is_right, value))


def _optional(is_right: Check) -> Check:
    return lambda value: value is None or is_right(value)


_PACKAGE_FIELDS: Final[Mapping[str, Check]] = {
    "packageId": _matches(_PACKAGE_ID),
    "name": lambda value: _is_text(value) and bool(value),
    "version": lambda value: isinstance(value, str) and is_valid_version(value),
    "packageType": _one_of(PackageType),
    "description": _optional(_is_text),
    "author": _optional(_is_text),
    "tags": _list_of(_is_text),
    "rootArtifacts": _list_of(_is_id, least=1),
    "artifacts": _list_of(lambda _: True, least=1),
    "installOrder": _list_of(_is_id, least=1),
    "requirements": _optional(_list_of(lambda _: True, least=1)),
}
_ARTIFACT_FIELDS: Final[Mapping[str, Check]] = {
    "type": _one_of(ArtifactType),
    "id": _is_id,
    "name": lambda value: _is_text(value) and bool(value),
    "path": _is_text,
    "size": _is_size,
    "sha256": _matches(_SHA256),
    "dependencies": _list_of(_is_id),
}
_REQUIREMENT_FIELDS: Final[Mapping[str, Check]] = {
    "name": _is_id,
    "kind": _one_of(RequirementKind),
    "description": _optional(_is_text),
    "valueType": _optional(_one_of(ValueType)),
    "requiredBy": _list_of(_is_id, least=1),
}
