"""Reads request bodies that are JSON objects."""

from __future__ import annotations

from typing import Any

from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.strict_json import InvalidJsonError, parse_json


def read_json_object(content: bytes, max_bytes: int, advice: str = "") -> dict[str, Any]:
    """The JSON object in a request body.

    Args:
        content: The body.
        max_bytes: Its maximum size.
        advice: What to do if it is too large.

    Raises:
        InstallHubError: RequestTooLarge or InvalidRequest.
    """
    if len(content) > max_bytes:
        detail = f"The request has {len(content)} bytes; the limit is {max_bytes}. {advice}".strip()
        raise InstallHubError.of(ErrorCode.REQUEST_TOO_LARGE, detail)
    try:
        document = parse_json(content)
    except InvalidJsonError as error:
        raise InstallHubError.of(ErrorCode.INVALID_REQUEST, f"body: {error}", pointer="") from None
    if not isinstance(document, dict):
        raise InstallHubError.of(ErrorCode.INVALID_REQUEST, "body: is not an object", pointer="")
    return document
