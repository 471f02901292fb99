"""The caller of a request: read from a verified token by the authorizer, which passes it on to the functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from installhub.model.errors import ErrorCode, InstallHubError, InsufficientScopeError
from installhub.model.scopes import EXPORT_SCOPE


@dataclass(frozen=True, slots=True)
class Caller:
    """The identity and permissions in a verified token.

    Attributes:
        subject: The token's ``sub``; empty if it has none.
        tenants: Ids of the tenants the caller may act for, in the order of the token, without duplicates; may be empty.
        scopes: The granted scopes.
        expires_at: When the token stops being accepted: its expiry plus the clock skew, in whole epoch seconds.
    """

    subject: str
    tenants: tuple[str, ...]
    scopes: frozenset[str]
    expires_at: int


def authorizer_context(caller: Caller) -> dict[str, str]:
    """``caller`` as the context of an authorizer's response, whose values must be strings."""
    return {
        "subject": caller.subject,
        "tenants": json.dumps(caller.tenants),
        "scopes": " ".join(sorted(caller.scopes)),
        "expiresAt": str(caller.expires_at),
    }


def caller_from_context(
    context: Mapping[str, Any] | None, now: float, scopes: tuple[str, ...] = (EXPORT_SCOPE,)
) -> Caller:
    """The caller in an authorizer's context, after checking that the token permits using the API now.

    The expiry is checked again because API Gateway may cache the authorizer's response beyond it.

    Args:
        context: The authorizer's context.
        now: The time in epoch seconds.
        scopes: The token needs at least one of these.

    Raises:
        InstallHubError: Unauthorized if there is no caller or the token has expired; InsufficientScope.
    """
    if not context or "tenants" not in context:
        raise InstallHubError.of(ErrorCode.UNAUTHORIZED)
    caller = Caller(
        subject=context["subject"],
        tenants=tuple(json.loads(context["tenants"])),
        scopes=frozenset(context["scopes"].split()),
        expires_at=int(context["expiresAt"]),
    )
    if caller.expires_at <= now:
        raise InstallHubError.of(ErrorCode.UNAUTHORIZED, "The token has expired. Get a new one.")
    if caller.scopes.isdisjoint(scopes):
        raise InsufficientScopeError(scopes)
    return caller
