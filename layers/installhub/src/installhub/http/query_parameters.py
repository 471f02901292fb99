"""Reads query parameters, which may be plain or ``~`` followed by the base64url of their UTF-8."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from installhub.contract.artifact_ids import decode_text
from installhub.model.cursor import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from installhub.model.errors import ErrorCode, InstallHubError, Problem
from installhub.model.text import is_encodable

if TYPE_CHECKING:
    from installhub.http.request import Request

PAGE_PARAMETERS: Final = ("limit",)
"""The query parameters of a list without filters, which a link to its next page repeats."""

_Enum = TypeVar("_Enum", bound=StrEnum)
_T = TypeVar("_T")


@dataclass(slots=True)
class ProblemCollector:
    """Collects the problems of several parameters, so that all of them are reported.

    Attributes:
        problems: The problems found.
    """

    problems: list[Problem] = field(default_factory=list)

    def read(self, reader: Callable[[], _T]) -> _T | None:
        """What ``reader`` returns; None if it raises an error, whose problems are collected."""
        try:
            return reader()
        except InstallHubError as error:
            self.problems.extend(error.problems)
            return None

    def raise_if_any(self) -> None:
        """Raise an InstallHubError with the problems, if there are any."""
        if self.problems:
            raise InstallHubError(self.problems)


def page_size(request: Request) -> int:
    """The ``limit`` of a page.

    Raises:
        InstallHubError: InvalidRequest.
    """
    value = text_parameter(request, "limit")
    if value is None:
        return DEFAULT_PAGE_SIZE
    # isdecimal also accepts other scripts' digits, and int accepts far more.
    is_number = value.isascii() and value.isdecimal() and len(value) <= len(str(MAX_PAGE_SIZE))
    if not is_number or not 1 <= int(value) <= MAX_PAGE_SIZE:
        raise invalid_parameter("limit", f"a number from 1 to {MAX_PAGE_SIZE}")
    return int(value)


def is_true(request: Request, name: str) -> bool:
    """The value of a Boolean parameter; false if it is missing.

    Raises:
        InstallHubError: InvalidRequest.
    """
    value = text_parameter(request, name)
    if value not in (None, "true", "false"):
        raise invalid_parameter(name, "true or false")
    return value == "true"


def member_parameter(request: Request, name: str, enum: type[_Enum]) -> _Enum | None:
    """The member of an enumeration in a parameter; None if it is missing.

    Raises:
        InstallHubError: InvalidRequest.
    """
    value = text_parameter(request, name)
    if value is None:
        return None
    if value not in list(enum):
        raise invalid_parameter(name, f"one of {', '.join(enum)}")
    return enum(value)


def short_text_parameter(request: Request, name: str, max_length: int) -> str | None:
    """The text in a parameter, of 1 to ``max_length`` characters; None if it is missing.

    Raises:
        InstallHubError: InvalidRequest.
    """
    text = text_parameter(request, name)
    if text is not None and not (1 <= len(text) <= max_length and is_encodable(text)):
        raise invalid_parameter(name, f"a text of 1 to {max_length} characters")
    return text


def text_parameter(request: Request, name: str) -> str | None:
    """The text in a parameter, plain or as ``~`` and base64url; None if it is missing.

    Raises:
        InstallHubError: InvalidRequest.
    """
    value = request.query_parameter(name)
    if value is None:
        return None
    text = decode_text(value)
    if text is None:
        raise invalid_parameter(name, "a text, nor ~ and the base64url of one")
    return text


def list_parameters(request: Request, names: Iterable[str]) -> dict[str, str]:
    """The parameters ``names`` of a list, as given but decoded, for the link to its next page."""
    found = {name: text_parameter(request, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def invalid_parameter(name: str, expected: str) -> InstallHubError:
    """The error for a parameter that is not what is expected."""
    return InstallHubError.of(ErrorCode.INVALID_REQUEST, f"The query parameter {name} is not {expected}.")
