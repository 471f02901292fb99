"""Reads requests that HTTP brings: the document in the body, and the tenant and caller that it is for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic_core import ValidationError

from installhub.caller import TenantChoice
from installhub.documents import check_size, details_of, problems_of
from installhub.errors import InstallHubError, Problem
from installhub.http import caller_of, tenant_header
from installhub.request_models import PreviewRequest, parse
from installhub.telemetry import about

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from installhub.auth import Caller
    from installhub.proxy import Request

_NO_OBJECT: Final = frozenset({"json_invalid", "dict_type"})
_Model = TypeVar("_Model", bound=PreviewRequest)


def read_request(model: type[_Model], request: Request) -> tuple[_Model, str, Caller]:
    """The request's body, the tenant it is for, and the caller, who may act for that tenant.

    Raises:
        InstallHubError: With everything that is wrong with the request itself.
    """
    caller = caller_of(request)
    content = request.body
    check_size(content)
    try:
        asked = parse(model, content)
    except ValidationError as error:
        details = details_of(error)
        tenant_problems = _tenant_problems(details, content, request, caller)
        raise InstallHubError([*problems_of(details), *tenant_problems]) from None
    choice = TenantChoice(tenant_header(request), asked.tenant_id)
    if problems := choice.problems(caller, required=True):
        raise InstallHubError(problems)
    about(tenant=choice.named)
    return asked, str(choice.named), caller


def _tenant_problems(details: list[ErrorDetails], content: bytes, request: Request, caller: Caller) -> list[Problem]:
    """What is wrong with the tenant that an invalid body and the header name nevertheless."""
    if details[0]["type"] in _NO_OBJECT:
        return TenantChoice(tenant_header(request)).problems(caller, required=False)
    tenant = json.loads(content).get("tenantId")
    choice = TenantChoice(tenant_header(request), tenant if isinstance(tenant, str) and tenant else None)
    return choice.problems(caller, required=tenant is None)
