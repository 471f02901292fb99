"""Conditional requests: entity tags and the preconditions of writes (RFC 9110, 13)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.precondition import Precondition

if TYPE_CHECKING:
    from installhub.http.request import Request

_ENTITY_TAG: Final = r'(?:W/)?"[!#-~\x80-\xff]*"'
_ENTITY_TAGS: Final = re.compile(rf"[\s,]*{_ENTITY_TAG}(?:\s*,[\s,]*{_ENTITY_TAG})*[\s,]*")  # RFC 9110, 5.6.1.2


def write_precondition(request: Request) -> Precondition:
    """What ``If-Match`` and ``If-None-Match`` require of what a request changes.

    Raises:
        InstallHubError: InvalidRequest, if a header is neither ``*`` nor a list of entity tags.
    """
    matching = _tags(request, "If-Match")
    excluded = _tags(request, "If-None-Match")
    return Precondition(
        # Weak tags never match, since If-Match compares strongly (RFC 9110, 13.1.1).
        revisions=None if matching is None else frozenset(tag.strip('"') for tag in matching if tag.startswith('"')),
        any_revision=matching == [],
        must_not_exist=excluded == [],
        excluded=frozenset(tag.removeprefix("W/").strip('"') for tag in excluded or ()),
    )


def _tags(request: Request, header: str) -> list[str] | None:
    """The entity tags in a header; none for ``*``; None if the header is missing."""
    values = request.header_values(header)
    if not values:
        return None
    value = ", ".join(values)
    if value.strip() == "*":
        return []
    if not _ENTITY_TAGS.fullmatch(value):
        raise InstallHubError.of(
            ErrorCode.INVALID_REQUEST, f'{header} is neither * nor a list of entity tags in quotes, such as "3f2a".'
        )
    return re.findall(_ENTITY_TAG, value)
