"""The tenant that a request names, in its header, its body or both."""

from __future__ import annotations

from dataclasses import dataclass

from installhub.http.headers import TENANT_HEADER
from installhub.identity.caller import Caller
from installhub.model.errors import ErrorCode, Problem


@dataclass(frozen=True, slots=True)
class RequestedTenant:
    """The tenant that a request names. Either place will do; if both name one, they must agree.

    Attributes:
        header: From the header X-Tenant-Id, if any.
        body: From the body's tenantId, if any.
    """

    header: str | None
    body: str | None = None

    def problems(self, caller: Caller, *, required: bool) -> list[Problem]:
        """Everything wrong with the tenant; decided before anything is looked up."""
        if self.header is None and self.body is None:
            missing = Problem(
                ErrorCode.INVALID_REQUEST,
                f"Name the tenant: tenantId in the body or the header {TENANT_HEADER}.",
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
        if self.tenant not in caller.tenants:
            return [Problem(ErrorCode.TENANT_MISMATCH, "The tenant is not one of the caller's.")]
        return []

    @property
    def tenant(self) -> str | None:
        """The requested tenant, from header, query or body."""
        return self.header if self.header is not None else self.body
