"""The tenant of a request, specified in its header, its body or both."""

from __future__ import annotations

from dataclasses import dataclass

from installhub.http.headers import TENANT_HEADER
from installhub.identity.caller import Caller
from installhub.model.errors import ErrorCode, Problem


@dataclass(frozen=True, slots=True)
class RequestedTenant:
    """The tenant that a request specifies. If header and body both do, they must be the same.

    Attributes:
        header: Value of the header X-Tenant-Id, if present.
        body: Value of the body's tenantId, if present.
    """

    header: str | None
    body: str | None = None

    def problems(self, caller: Caller, *, required: bool) -> list[Problem]:
        """The problems of the tenant for ``caller``; if ``required`` is false, the tenant may be missing."""
        if self.header is None and self.body is None:
            missing = Problem(
                ErrorCode.INVALID_REQUEST,
                f"Specify the tenant, with tenantId in the body or the header {TENANT_HEADER}.",
                pointer="/tenantId",
            )
            return [missing] if required else []
        if None not in (self.header, self.body) and self.header != self.body:
            return [
                Problem(
                    ErrorCode.TENANT_MISMATCH,
                    f"The header {TENANT_HEADER} and the body's tenantId specify different tenants.",
                    pointer="/tenantId",
                )
            ]
        if self.tenant not in caller.tenants:
            return [Problem(ErrorCode.TENANT_MISMATCH, "The caller is not authorized for the tenant.")]
        return []

    @property
    def tenant(self) -> str | None:
        """The tenant in the header, else the tenant in the body, else None."""
        return self.header if self.header is not None else self.body
