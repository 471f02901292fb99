"""Entity tags of responses (RFC 9110, 8.8.3)."""

from __future__ import annotations


def quoted_tag(digest: str) -> str:
    """The strong entity tag of something with this digest."""
    return f'"{digest}"'


def is_not_modified(entity: str, if_none_match: str | None) -> bool:
    """Whether ``If-None-Match`` matches the entity tag ``entity`` by weak comparison (RFC 9110, 13.1.2)."""
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or entity in tags
