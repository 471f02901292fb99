"""Request headers that control processing: the tenant, asynchronous responses, idempotency and the expected plan."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from installhub.http.entity_tags import is_strong, opaque_tag, requested_tags
from installhub.model.errors import ErrorCode, InstallHubError

if TYPE_CHECKING:
    from installhub.http.request import Request

TENANT_HEADER: Final = "X-Tenant-Id"
PREFER_HEADER: Final = "Prefer"
RESPOND_ASYNC: Final = "respond-async"
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"

_IDEMPOTENCY_KEY: Final = re.compile(r'"(?P<quoted>[ !#-\[\]-~]{1,255})"|(?P<bare>[!#-~]{1,255})')


def prefers_async(request: Request) -> bool:
    """Whether the caller prefers an asynchronous response (``respond-async``; RFC 7240, 4.1)."""
    preferences = ",".join(request.header_values(PREFER_HEADER)).split(",")
    return any(preference.partition(";")[0].strip().lower() == RESPOND_ASYNC for preference in preferences)


def idempotency_key(request: Request) -> str | None:
    """The ``Idempotency-Key`` of the request, if it has one; without the quotes, which are optional here.

    Raises:
        InstallHubError: InvalidRequest, unless there is at most one, of 1 to 255 printable ASCII characters.
    """
    values = request.header_values(IDEMPOTENCY_HEADER)
    if not values:
        return None
    match = _IDEMPOTENCY_KEY.fullmatch(values[0].strip())
    if len(values) > 1 or match is None:
        raise InstallHubError.of(
            ErrorCode.INVALID_REQUEST,
            f"{IDEMPOTENCY_HEADER} should be a single string of 1 to 255 printable ASCII characters.",
        )
    return match["quoted"] or match["bare"]


def expected_plans(request: Request) -> tuple[str, ...] | None:
    """The tags in ``If-Match``, of which the plan of an export must have one; None if any plan will do.

    Weak tags never match, since ``If-Match`` compares strongly (RFC 9110, 13.1.1).

    Raises:
        InstallHubError: InvalidRequest, if the header is neither ``*`` nor a list of entity tags.
    """
    tags = requested_tags(request, "If-Match")
    return tuple(map(opaque_tag, filter(is_strong, tags))) if tags else None
