"""Reads from requests in which format a dependency graph is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from installhub.contract.artifact_ids import decode_text
from installhub.contract.graph_formats import MEDIA_TYPES, GraphFormat
from installhub.http.accept import preferred_media_type
from installhub.model.errors import ErrorCode, InstallHubError

if TYPE_CHECKING:
    from installhub.http.request import Request

_BY_MEDIA_TYPE: Final = {media_type: name for name, media_type in MEDIA_TYPES.items()}


def graph_format(request: Request) -> GraphFormat:
    """The format named by the parameter ``format``, or else preferred by ``Accept``.

    Raises:
        InstallHubError: InvalidRequest, if there is no such format.
    """
    wanted = request.query_parameter("format")
    if wanted is not None:
        name = decode_text(wanted)
        if name not in list(GraphFormat):
            raise InstallHubError.of(
                ErrorCode.INVALID_REQUEST, f"The query parameter format is not one of {', '.join(GraphFormat)}."
            )
        return GraphFormat(name)
    found = _accepted(request)
    if found is None:
        raise InstallHubError.of(
            ErrorCode.INVALID_REQUEST, f"Accept includes none of the formats {', '.join(MEDIA_TYPES.values())}."
        )
    return found


def preview_format(request: Request) -> GraphFormat:
    """The format that ``Accept`` prefers; JSON if it includes none, since previews have always ignored it."""
    return _accepted(request) or GraphFormat.JSON


def _accepted(request: Request) -> GraphFormat | None:
    media_type = preferred_media_type(request.header_values("Accept"), tuple(_BY_MEDIA_TYPE))
    return None if media_type is None else _BY_MEDIA_TYPE[media_type]
