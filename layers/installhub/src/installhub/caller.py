"""The caller of a request, as the authorizer told API Gateway, and what the caller may act for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from installhub.auth import Caller
from installhub.errors import ErrorCode, InstallHubError, Problem
from installhub.routes import REQUIRED_SCOPE, TENANT_HEADER


def to_context(caller: Caller) -> dict[str, str]:
    """``caller`` as an authorizer's context: API Gateway passes flat strings only."""
    return {
        "subject": caller.subject,
        "tenants": json.dumps(caller.tenants),
        "scopes": " ".join(sorted(caller.scopes)),
        "expiresAt": str(caller.expires_at),
    }


def from_context(context: Mapping[str, Any] | None, now: float) -> Caller:
    """The caller that an authorizer's context names, who may use the API.

    API Gateway may have kept the authorizer's answer for longer than the token lives, so its expiry is checked again.

    Raises:
        InstallHubError: Unauthorized when there is none or the token has expired; InsufficientScope.
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
    if REQUIRED_SCOPE not in caller.scopes:
        raise InstallHubError.of(ErrorCode.INSUFFICIENT_SCOPE)
    return caller


@dataclass(frozen=True, slots=True)
class TenantChoice:
    """The tenants that a request names; either place will do, but they must agree.

    Attributes:
        header: Of X-Tenant-Id, if any.
        body: Of the body's tenantId, if any.
    """

    header: str | None
    body: str | None = None

    def problems(self, caller: Caller, *, required: bool) -> list[Problem]:
        """Everything wrong with the choice; decided before anything is looked up."""
        if self.header is None and self.body is None:
            missing = Problem(
                ErrorCode.INVALID_REQUEST,
                f"Say the tenant: tenantId in the body or the header {TENANT_HEADER}.",
                pointer="/tenantId",
            )
            return [missing] if required else []
        if None not in (self.header, self.body) and self.header != self.body:
            return [
                Problem(
                    ErrorCode.TENANT_MISMATCH,
                    f"The header {TENANT_HEADER} and the body's tenantId name different tenants.",
                    pointer="/tenantId",
                )
            ]
        if self.named not in caller.tenants:
            return [Problem(ErrorCode.TENANT_MISMATCH, "The tenant is not one of the caller's.")]
        return []

    @property
    def named(self) -> str | None:
        """The tenant named, in whichever place."""
        return self.header if self.header is not None else self.body
