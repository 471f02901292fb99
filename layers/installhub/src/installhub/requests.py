"""Reads the bodies of requests: every problem at once, each with a pointer to its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import ValidationError

from installhub.caller import TenantChoice
from installhub.errors import ErrorCode, InstallHubError, Problem
from installhub.http import body_of, caller_of, tenant_header
from installhub.models import INVALID_VERSION_ERROR, PreviewRequest

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
    from pydantic_core import ErrorDetails

    from installhub.auth import Caller

_MAX_PROBLEMS: Final = 1000
_Request = TypeVar("_Request", bound=PreviewRequest)


def read_request(model: type[_Request], event: APIGatewayProxyEvent) -> tuple[_Request, str, Caller]:
    """The request's body, the tenant it is for, and the caller, who may act for that tenant.

    Raises:
        InstallHubError: With everything that is wrong with the request itself.
    """
    caller = caller_of(event)
    content = body_of(event)
    try:
        request = model.model_validate_json(content)
    except ValidationError as error:
        raise InstallHubError([*_problems(error), *_tenant_problems(content, event, caller)]) from None
    choice = TenantChoice(tenant_header(event), request.tenant_id)
    if problems := choice.problems(caller, required=True):
        raise InstallHubError(problems)
    return request, str(choice.named), caller


def _tenant_problems(content: bytes, event: APIGatewayProxyEvent, caller: Caller) -> list[Problem]:
    """What is wrong with the tenant that an invalid body and the header name nevertheless."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    fields = body if isinstance(body, dict) else {"tenantId": None}
    tenant = fields.get("tenantId")
    choice = TenantChoice(tenant_header(event), tenant if isinstance(tenant, str) and tenant else None)
    return choice.problems(caller, required="tenantId" not in fields)


def _problems(error: ValidationError) -> list[Problem]:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return [_problem(detail) for detail in details[:_MAX_PROBLEMS]]


def _problem(detail: ErrorDetails) -> Problem:
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in detail["loc"])
    is_version = detail["type"] == INVALID_VERSION_ERROR
    return Problem(
        ErrorCode.INVALID_VERSION if is_version else ErrorCode.INVALID_REQUEST,
        f"{pointer.removeprefix('/') or 'body'}: {detail['msg']}",
        pointer=pointer,
    )
