"""Content negotiation by ``Accept`` (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def preferred_media_type(accept: Iterable[str], offered: Sequence[str]) -> str | None:
    """The media type among ``offered`` that the client prefers; None if it accepts none of them.

    Of several that it likes equally, one that it names comes before one that a wildcard includes, then the first one.

    Args:
        accept: The values of the header; without any, every type is acceptable.
        offered: Media types in lower case, the server's preference first.
    """
    ranges = [found for value in accept for part in value.split(",") if (found := _media_range(part)) is not None]
    if not ranges:
        return offered[0]
    best: tuple[float, int] = (0.0, -1)
    preferred = None
    for media_type in offered:
        matching = [
            (specificity, quality)
            for name, quality in ranges
            if (specificity := _specificity(name, media_type)) is not None
        ]
        if matching:
            specificity, quality = max(matching)  # the most specific range decides
            if quality > 0 and (quality, specificity) > best:
                best, preferred = (quality, specificity), media_type
    return preferred


def _media_range(part: str) -> tuple[str, float] | None:
    """A media range and its quality; None if it is malformed. Other parameters are ignored."""
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    if name.count("/") != 1:
        return None
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return None
    return (name, quality) if 0 <= quality <= 1 else None


def _specificity(media_range: str, media_type: str) -> int | None:
    """How specific a range that includes ``media_type`` is; None if it does not include it."""
    if media_range == media_type:
        return 2
    if media_range == f"{media_type.partition('/')[0]}/*":
        return 1
    return 0 if media_range == "*/*" else None
