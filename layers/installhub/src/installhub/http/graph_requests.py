"""Reads from requests in which format a dependency graph is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installhub.contract.graph_formats import MEDIA_TYPES, GraphFormat
from installhub.http.formats import accepted_format, requested_format

if TYPE_CHECKING:
    from installhub.http.request import Request


def graph_format(request: Request) -> GraphFormat:
    """The format named by the parameter ``format``, or else preferred by ``Accept``.

    Raises:
        InstallHubError: InvalidRequest, if there is no such format.
    """
    return requested_format(request, MEDIA_TYPES)


def preview_format(request: Request) -> GraphFormat:
    """The format that ``Accept`` prefers; JSON if it includes none, since previews have always ignored it."""
    return accepted_format(request, MEDIA_TYPES) or GraphFormat.JSON
