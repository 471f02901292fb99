"""Reads the fields of a JSON object and collects what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

from installhub.model.artifact import MAX_ID_LENGTH
from installhub.model.text import is_encodable, is_printable, shown

MAX_PROBLEMS: Final = 1_000
"""Maximum number of problems that are reported for one artifact."""

_MAX_FIELD_NAME_LENGTH: Final = 200
_Enum = TypeVar("_Enum", bound=StrEnum)


class FieldProblem(NamedTuple):
    """A problem with a field.

    Attributes:
        pointer: JSON pointer to the field (RFC 6901).
        detail: What is wrong with it.
    """

    pointer: str
    detail: str


@dataclass(slots=True)
class FieldReader:
    """Each method returns a valid value, or records a problem and returns a value that must not be used.

    Attributes:
        problems: The problems found.
    """

    problems: list[FieldProblem] = field(default_factory=list)

    def add(self, pointer: str, detail: str) -> None:
        """Record a problem."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(FieldProblem(pointer, detail))

    def check_names(self, fields: Mapping[str, Any], pointer: str, required: set[str], optional: set[str]) -> None:
        """Check that all ``required`` fields are present, and no others than those and the ``optional`` ones."""
        for name in sorted(required - fields.keys()):
            self.add(f"{pointer}/{name}", "is missing")
        for name in fields.keys() - required - optional:
            self.add(f"{pointer}/{pointer_token(name)}", "is not a known field")

    def identifier(self, value: object, pointer: str) -> str:
        """An id or a name that is used like one."""
        text = self.text(value, pointer, MAX_ID_LENGTH)
        if text and is_encodable(text) and not is_printable(text):
            self.add(pointer, "contains a character that is not printable")
        return text

    def text(self, value: object, pointer: str, max_length: int, min_length: int = 1) -> str:
        """A string of limited length that can be written as UTF-8."""
        if not isinstance(value, str) or not min_length <= len(value) <= max_length:
            self.add(pointer, f"is not a string of {min_length} to {max_length} characters")
            return ""
        if not is_encodable(value):
            self.add(pointer, "cannot be written as UTF-8")
        return value

    def member(self, enum: type[_Enum], value: object, pointer: str) -> _Enum:
        """A member of an enumeration."""
        for member in enum:
            if member.value == value:
                return member
        self.add(pointer, f"is not one of {', '.join(enum)}")
        return next(iter(enum))


def pointer_token(name: str) -> str:
    """The name of a field as part of a JSON pointer (RFC 6901), shortened, since that of an unknown one may be long."""
    return shown(name, _MAX_FIELD_NAME_LENGTH).replace("~", "~0").replace("/", "~1")
