"""Entity tags of responses, and in the headers of requests (RFC 9110, 8.8.3 and 13.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from installhub.model.errors import ErrorCode, InstallHubError

if TYPE_CHECKING:
    from installhub.http.request import Request

_ENTITY_TAG: Final = r'(?:W/)?"[!#-~\x80-\xff]*"'
_ENTITY_TAGS: Final = re.compile(rf"[\s,]*{_ENTITY_TAG}(?:\s*,[\s,]*{_ENTITY_TAG})*[\s,]*")  # RFC 9110, 5.6.1.2


def quoted_tag(digest: str) -> str:
    """The strong entity tag of something with this digest."""
    return f'"{digest}"'


def is_not_modified(entity: str, if_none_match: str | None) -> bool:
    """Whether ``If-None-Match`` matches the entity tag ``entity`` by weak comparison (RFC 9110, 13.1.2)."""
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or entity in tags


def requested_tags(request: Request, header: str) -> list[str] | None:
    """The entity tags in ``If-Match`` or ``If-None-Match``; none for ``*``; None if the header is missing.

    Raises:
        InstallHubError: InvalidRequest, if the header is neither ``*`` nor a list of entity tags.
    """
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


def is_strong(tag: str) -> bool:
    """Whether an entity tag is strong."""
    return tag.startswith('"')


def opaque_tag(tag: str) -> str:
    """What an entity tag has in its quotes."""
    return tag.removeprefix("W/").strip('"')
