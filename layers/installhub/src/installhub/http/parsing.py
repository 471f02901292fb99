"""Reads the caller, the tenants and the path parameters from a request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from installhub.http.headers import TENANT_HEADER
from installhub.http.requested_tenant import RequestedTenant
from installhub.identity.caller import caller_from_context
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.runtime.telemetry import bind_log_context, logger

if TYPE_CHECKING:
    from installhub.http.request import Request
    from installhub.identity.caller import Caller


def authenticated_caller(request: Request) -> Caller:
    """The caller of the request, from the context that the authorizer returned. Added to the log context.

    Raises:
        InstallHubError: Unauthorized or InsufficientScope.
    """
    caller = caller_from_context(request.context.get("authorizer"), time.time(), request.scopes)
    logger.append_keys(subject=caller.subject)
    return caller


def tenant_header(request: Request) -> str | None:
    """The value of the tenant header, if it is present and not blank."""
    return (request.header(TENANT_HEADER) or "").strip() or None


def permitted_tenants(request: Request) -> tuple[str, ...]:
    """The tenant in the header, or all of the caller's tenants if there is none.

    Raises:
        InstallHubError: Unauthorized, InsufficientScope, or TenantMismatch if the header contains another tenant.
    """
    caller = authenticated_caller(request)
    requested = RequestedTenant(tenant_header(request))
    if problems := requested.problems(caller, required=False):
        raise InstallHubError(problems)
    tenants = caller.tenants if requested.tenant is None else (requested.tenant,)
    if len(tenants) == 1:
        bind_log_context(tenant=tenants[0])
    return tenants


def listed_tenants(request: Request, maximum: int) -> tuple[str, ...]:
    """As :func:`permitted_tenants`, for a list that takes a request for each tenant.

    Raises:
        InstallHubError: As for :func:`permitted_tenants`, TenantMismatch if there are none, and InvalidRequest if there
            are more than ``maximum``.
    """
    tenants = permitted_tenants(request)
    if not 1 <= len(tenants) <= maximum:
        raise _unclear_tenant(tenants)
    return tenants


def requested_tenant(request: Request) -> str:
    """The tenant in the header, or the caller's only tenant if there is none.

    Raises:
        InstallHubError: Unauthorized, InsufficientScope, TenantMismatch if the header contains another tenant or the
            caller has none, or InvalidRequest if the caller has several tenants and the header is missing.
    """
    tenants = permitted_tenants(request)
    if len(tenants) != 1:
        raise _unclear_tenant(tenants)
    return tenants[0]


def _unclear_tenant(tenants: tuple[str, ...]) -> InstallHubError:
    if not tenants:
        return InstallHubError.of(ErrorCode.TENANT_MISMATCH, "The token has no tenants.")
    detail = f"The token has {len(tenants)} tenants. Specify one with the header {TENANT_HEADER}."
    return InstallHubError.of(ErrorCode.INVALID_REQUEST, detail)
