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
_MAX_NAME: Final = 200
_NO_OBJECT: Final = frozenset({"json_invalid", "model_type", "model_attributes_type"})
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
        details = error.errors(include_url=False, include_context=False, include_input=False)
        tenant_problems = _tenant_problems(details, content, event, caller)
        raise InstallHubError([*map(_problem, details[:_MAX_PROBLEMS]), *tenant_problems]) from None
    choice = TenantChoice(tenant_header(event), request.tenant_id)
    if problems := choice.problems(caller, required=True):
        raise InstallHubError(problems)
    return request, str(choice.named), caller


def _tenant_problems(
    details: list[ErrorDetails], content: bytes, event: APIGatewayProxyEvent, caller: Caller
) -> list[Problem]:
    """What is wrong with the tenant that an invalid body and the header name nevertheless."""
    if details[0]["type"] in _NO_OBJECT:
        return TenantChoice(tenant_header(event)).problems(caller, required=False)
    tenant = json.loads(content).get("tenantId")
    choice = TenantChoice(tenant_header(event), tenant if isinstance(tenant, str) and tenant else None)
    return choice.problems(caller, required=tenant is None)


def _problem(detail: ErrorDetails) -> Problem:
    pointer = "".join(f"/{_shortened(part).replace('~', '~0').replace('/', '~1')}" for part in detail["loc"])
    return Problem(_code_of(detail), f"{pointer.removeprefix('/') or 'body'}: {detail['msg']}", pointer=pointer)


def _code_of(detail: ErrorDetails) -> ErrorCode:
    if detail["type"] == INVALID_VERSION_ERROR:
        return ErrorCode.INVALID_VERSION
    if detail["type"] == "too_long" and detail["loc"] == ("artifactIds",):
        return ErrorCode.PACKAGE_TOO_LARGE
    return ErrorCode.INVALID_REQUEST


def _shortened(part: object) -> str:
    """A step of the way to the place; the name of an unknown field may be of any length."""
    text = str(part)
    return text if len(text) <= _MAX_NAME else f"{text[:_MAX_NAME]}…"
