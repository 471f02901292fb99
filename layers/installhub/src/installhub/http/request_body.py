"""Validates requests that have a body: the body, the tenant and the caller."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic_core import ValidationError

from installhub.contract.request_documents import check_request_size, validation_details, validation_problems
from installhub.contract.request_models import RootsRequest, parse_request
from installhub.http.parsing import authenticated_caller, tenant_header
from installhub.http.requested_tenant import RequestedTenant
from installhub.model.errors import InstallHubError, Problem
from installhub.runtime.telemetry import bind_log_context

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from installhub.http.request import Request
    from installhub.identity.caller import Caller

_NOT_AN_OBJECT: Final = frozenset({"json_invalid", "dict_type"})  # types of pydantic's validation errors
_Model = TypeVar("_Model", bound=RootsRequest)


def read_request(model: type[_Model], request: Request) -> tuple[_Model, str, Caller]:
    """The body of the request, its tenant and its caller, after checking that the caller may act for the tenant.

    Raises:
        InstallHubError: Unauthorized, InsufficientScope, RequestTooLarge, or every problem of the body and the tenant.
    """
    caller = authenticated_caller(request)
    content = request.body
    check_request_size(content)
    try:
        document = parse_request(model, content)
    except ValidationError as error:
        details = validation_details(error)
        tenant_problems = _tenant_problems(details, content, request, caller)
        raise InstallHubError([*validation_problems(details), *tenant_problems]) from None
    requested = RequestedTenant(tenant_header(request), document.tenant_id)
    if problems := requested.problems(caller, required=True):
        raise InstallHubError(problems)
    bind_log_context(tenant=requested.tenant)
    return document, str(requested.tenant), caller


def _tenant_problems(details: list[ErrorDetails], content: bytes, request: Request, caller: Caller) -> list[Problem]:
    """The problems of the tenant in the header and in an otherwise invalid body."""
    if details[0]["type"] in _NOT_AN_OBJECT:
        return RequestedTenant(tenant_header(request)).problems(caller, required=False)
    tenant = json.loads(content).get("tenantId")
    requested = RequestedTenant(tenant_header(request), tenant if isinstance(tenant, str) and tenant else None)
    return requested.problems(caller, required=tenant is None)
