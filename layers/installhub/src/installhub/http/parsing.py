"""Reads the caller, the tenants and the path parameters of a request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from installhub.http.headers import TENANT_HEADER
from installhub.http.requested_tenant import RequestedTenant
from installhub.identity.caller import caller_from_context
from installhub.model.errors import InstallHubError
from installhub.packages.lookup import is_package_id
from installhub.runtime.telemetry import bind_log_context, logger

if TYPE_CHECKING:
    from installhub.http.request import Request
    from installhub.identity.caller import Caller


def authenticated_caller(request: Request) -> Caller:
    """The caller, as the authorizer passed it on.

    Raises:
        InstallHubError: Unauthorized or InsufficientScope.
    """
    caller = caller_from_context(request.context.get("authorizer"), time.time())
    logger.append_keys(subject=caller.subject)
    return caller


def tenant_header(request: Request) -> str | None:
    """The tenant that the header names; a blank header names none."""
    return (request.header(TENANT_HEADER) or "").strip() or None


def permitted_tenants(request: Request) -> tuple[str, ...]:
    """The caller's tenants, narrowed to the header's if it names one.

    Raises:
        InstallHubError: Unauthorized, InsufficientScope or TenantMismatch.
    """
    caller = authenticated_caller(request)
    requested = RequestedTenant(tenant_header(request))
    if problems := requested.problems(caller, required=False):
        raise InstallHubError(problems)
    tenants = caller.tenants if requested.tenant is None else (requested.tenant,)
    if len(tenants) == 1:
        bind_log_context(tenant=tenants[0])
    return tenants


def package_id_parameter(request: Request) -> str:
    """The package id in the path, unchecked. Log lines carry it from here on if it has the form of one."""
    package_id = request.path_parameter("packageId")
    if is_package_id(package_id):
        bind_log_context(package_id=package_id)
    return package_id
