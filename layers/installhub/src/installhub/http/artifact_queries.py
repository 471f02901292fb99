"""Reads the path and query parameters of requests for artifacts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from installhub.artifacts.listing import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, ArtifactFilter
from installhub.contract.artifact_ids import decode_path_id, decode_text
from installhub.model.artifact import MAX_NAME_LENGTH, ArtifactStatus, ArtifactType
from installhub.model.errors import ErrorCode, InstallHubError, Problem
from installhub.model.text import is_encodable
from installhub.runtime.telemetry import bind_log_context

if TYPE_CHECKING:
    from installhub.http.request import Request

LIST_PARAMETERS: Final = ("type", "status", "namePrefix", "limit")
"""The query parameters of the list of artifacts, which a link to its next page repeats."""

PAGE_PARAMETERS: Final = ("limit",)
"""The query parameters of a list without filters, which a link to its next page repeats."""

_Enum = TypeVar("_Enum", bound=StrEnum)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which page of which list is requested.

    Attributes:
        wanted: Which artifacts the list contains.
        limit: Maximum number of artifacts on the page.
        cursor: Where the page starts; unchecked.
    """

    wanted: ArtifactFilter
    limit: int
    cursor: str | None


def artifact_id_parameter(request: Request) -> str:
    """The artifact id in the path, in either of its two forms. Added to the log context.

    Raises:
        InstallHubError: InvalidRequest, if it is not an id.
    """
    artifact_id = decode_path_id(request.path_parameter("artifactId"))
    if artifact_id is None:
        detail = "The artifact id in the path is not a plain id, nor `~` and the base64url of one."
        raise InstallHubError.of(ErrorCode.INVALID_REQUEST, detail)
    bind_log_context(artifact_id=artifact_id)
    return artifact_id


def list_query(request: Request) -> ListQuery:
    """The page that ``type``, ``status``, ``namePrefix``, ``limit`` and ``cursor`` ask for.

    Raises:
        InstallHubError: InvalidRequest, with every problem.
    """
    problems: list[Problem] = []

    def read(reader: Callable[[], _T]) -> _T | None:
        try:
            return reader()
        except InstallHubError as error:
            problems.extend(error.problems)
            return None

    wanted = ArtifactFilter(
        type=read(lambda: _member(request, "type", ArtifactType)),
        status=read(lambda: _member(request, "status", ArtifactStatus)),
        name_prefix=read(lambda: _name_prefix(request)),
    )
    limit = read(lambda: page_size(request))
    if problems or limit is None:
        raise InstallHubError(problems)
    return ListQuery(wanted, limit, request.query_parameter("cursor"))


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
        raise _invalid("limit", f"a number from 1 to {MAX_PAGE_SIZE}")
    return int(value)


def is_true(request: Request, name: str) -> bool:
    """The value of a Boolean parameter; false if it is missing.

    Raises:
        InstallHubError: InvalidRequest.
    """
    value = text_parameter(request, name)
    if value not in (None, "true", "false"):
        raise _invalid(name, "true or false")
    return value == "true"


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
        raise _invalid(name, "a text, nor ~ and the base64url of one")
    return text


def list_parameters(request: Request, names: Iterable[str] = LIST_PARAMETERS) -> dict[str, str]:
    """The parameters ``names`` of a list, as given but decoded, for the link to its next page."""
    found = {name: text_parameter(request, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _name_prefix(request: Request) -> str | None:
    prefix = text_parameter(request, "namePrefix")
    if prefix is not None and not (1 <= len(prefix) <= MAX_NAME_LENGTH and is_encodable(prefix)):
        raise _invalid("namePrefix", f"a text of 1 to {MAX_NAME_LENGTH} characters")
    return prefix


def _member(request: Request, name: str, enum: type[_Enum]) -> _Enum | None:
    value = text_parameter(request, name)
    if value is None:
        return None
    if value not in list(enum):
        raise _invalid(name, f"one of {', '.join(enum)}")
    return enum(value)


def _invalid(name: str, expected: str) -> InstallHubError:
    return InstallHubError.of(ErrorCode.INVALID_REQUEST, f"The query parameter {name} is not {expected}.")
