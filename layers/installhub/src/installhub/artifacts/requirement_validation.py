"""Validation of the requirements of an artifact."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from installhub.artifacts.field_reader import FieldReader
from installhub.model.requirement import Requirement, RequirementKind, ValueType
from installhub.model.text import is_encodable

MAX_REQUIREMENTS: Final = 100
"""Maximum number of requirements of one artifact."""

MAX_DESCRIPTION_LENGTH: Final = 1_000
MAX_DEFAULT_LENGTH: Final = 4_000
_REQUIRED: Final = {"name", "kind"}
_OPTIONAL: Final = {"description", "valueType", "default"}


def read_requirements(reader: FieldReader, value: object, pointer: str) -> tuple[Requirement, ...]:
    """The requirements in a JSON value; each has a name of its own."""
    if not isinstance(value, list):
        reader.add(pointer, "is not a list of requirements")
        return ()
    if len(value) > MAX_REQUIREMENTS:
        reader.add(pointer, f"has {len(value)} requirements; the limit is {MAX_REQUIREMENTS}")
        return ()
    requirements: dict[str, Requirement] = {}
    for index, fields in enumerate(value):
        if not isinstance(fields, Mapping):
            reader.add(f"{pointer}/{index}", "is not an object")
            continue
        requirement = _read_requirement(reader, fields, f"{pointer}/{index}")
        if requirement.name and requirement.name in requirements:
            reader.add(f"{pointer}/{index}/name", "is the name of an earlier requirement")
        requirements[requirement.name] = requirement
    return tuple(requirements.values())


def _read_requirement(reader: FieldReader, fields: Mapping[str, Any], pointer: str) -> Requirement:
    reader.check_names(fields, pointer, _REQUIRED, _OPTIONAL)
    kind = RequirementKind.CONNECTION  # if it is missing, which has been reported
    if "kind" in fields:
        kind = reader.member(RequirementKind, fields["kind"], f"{pointer}/kind")
    value_type = fields.get("valueType")
    description = fields.get("description")
    return Requirement(
        name=reader.identifier(fields["name"], f"{pointer}/name") if "name" in fields else "",
        kind=kind,
        description=None
        if description is None
        else reader.text(description, f"{pointer}/description", MAX_DESCRIPTION_LENGTH, min_length=0),
        value_type=None if value_type is None else reader.member(ValueType, value_type, f"{pointer}/valueType"),
        default=_read_default(reader, fields.get("default"), kind, value_type, f"{pointer}/default"),
    )


def _read_default(
    reader: FieldReader, value: object, kind: RequirementKind, value_type: object, pointer: str
) -> str | float | bool | None:
    if value is None:
        return None
    if kind is RequirementKind.SECRET:
        reader.add(pointer, "is not allowed for a secret")
        return None
    if isinstance(value, str) and (len(value) > MAX_DEFAULT_LENGTH or not is_encodable(value)):
        reader.add(pointer, f"is longer than {MAX_DEFAULT_LENGTH} characters, or cannot be written as UTF-8")
    elif not _has_type(value, value_type):
        reader.add(pointer, "is not a value of the valueType" if value_type else "is not a string, number or Boolean")
    return value if isinstance(value, str | int | float | bool) else None


def _has_type(value: object, value_type: object) -> bool:
    if isinstance(value, bool):
        return value_type in (None, ValueType.BOOLEAN.value)
    if isinstance(value, int | float):
        is_finite = isinstance(value, int) or math.isfinite(value)  # isfinite fails for very large integers
        return value_type in (None, ValueType.NUMBER.value) and is_finite
    return isinstance(value, str) and value_type in (None, ValueType.STRING.value, ValueType.URL.value)
