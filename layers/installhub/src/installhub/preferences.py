"""What a caller says in headers of how a request is to be done: later, or once only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from installhub.errors import ErrorCode, InstallHubError

if TYPE_CHECKING:
    from installhub.proxy import Request

PREFER_HEADER: Final = "Prefer"
RESPOND_ASYNC: Final = "respond-async"
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"

_IDEMPOTENCY_KEY: Final = re.compile(r'"(?P<quoted>[ !#-\[\]-~]{1,255})"|(?P<bare>[!#-~]{1,255})')


def prefers_async(request: Request) -> bool:
    """Whether the caller would rather not wait (RFC 7240, 4.1)."""
    preferences = ",".join(request.header_lines(PREFER_HEADER)).split(",")
    return any(preference.partition(";")[0].strip().lower() == RESPOND_ASYNC for preference in preferences)


def idempotency_key(request: Request) -> str | None:
    """The request's ``Idempotency-Key``, if it has one; its quotes, which the draft asks for, may be left out.

    Raises:
        InstallHubError: InvalidRequest: there are several, or it is not 1 to 255 printable ASCII characters.
    """
    lines = request.header_lines(IDEMPOTENCY_HEADER)
    if not lines:
        return None
    match = _IDEMPOTENCY_KEY.fullmatch(lines[0].strip())
    if len(lines) > 1 or match is None:
        raise InstallHubError.of(
            ErrorCode.INVALID_REQUEST, f"{IDEMPOTENCY_HEADER}: one string of 1 to 255 printable ASCII characters."
        )
    return match["quoted"] or match["bare"]
