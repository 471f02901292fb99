"""Reads from requests in which format a response is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from installhub.contract.artifact_ids import decode_text
from installhub.http.accept import preferred_media_type
from installhub.model.errors import ErrorCode, InstallHubError

if TYPE_CHECKING:
    from installhub.http.request import Request

_Format = TypeVar("_Format", bound=StrEnum)


def requested_format(request: Request, media_types: Mapping[_Format, str]) -> _Format:
    """The format named by the parameter ``format``, or else preferred by ``Accept``.

    Args:
        request: The request.
        media_types: The formats and their media types, the default first.

    Raises:
        InstallHubError: InvalidRequest, if there is no such format.
    """
    value = request.query_parameter("format")
    if value is not None:
        name = decode_text(value)
        found = next((one for one in media_types if one.value == name), None)
        if found is None:
            raise InstallHubError.of(
                ErrorCode.INVALID_REQUEST, f"The query parameter format is not one of {', '.join(media_types)}."
            )
        return found
    found = accepted_format(request, media_types)
    if found is None:
        raise InstallHubError.of(
            ErrorCode.INVALID_REQUEST, f"Accept includes none of the formats {', '.join(media_types.values())}."
        )
    return found


def accepted_format(request: Request, media_types: Mapping[_Format, str]) -> _Format | None:
    """The format that ``Accept`` prefers, if it includes one."""
    by_media_type = {media_type: name for name, media_type in media_types.items()}
    media_type = preferred_media_type(request.header_values("Accept"), tuple(by_media_type))
    return None if media_type is None else by_media_type[media_type]
