"""Reads the bodies of requests: every problem at once, each with a pointer to its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic_core import ValidationError

from installhub.caller import TenantChoice
from installhub.errors import ErrorCode, InstallHubError, Problem
from installhub.exporting import ExportCommand
from installhub.http import MAX_BODY_BYTES, body_of, caller_of, tenant_header
from installhub.request_models import (
    INVALID_VERSION_ERROR,
    ExportRequest,
    ExportRequested,
    PreviewRequest,
    as_json,
    parse,
)

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from installhub.auth import Caller
    from installhub.packages import Acceptance
    from installhub.proxy import Request

_MAX_PROBLEMS: Final = 1000
_MAX_NAME: Final = 200
_NO_OBJECT: Final = frozenset({"json_invalid", "dict_type"})
_Model = TypeVar("_Model", bound=PreviewRequest)
_Document = TypeVar("_Document", bound=ExportRequested)


def read_request(model: type[_Model], request: Request) -> tuple[_Model, str, Caller]:
    """The request's body, the tenant it is for, and the caller, who may act for that tenant.

    Raises:
        InstallHubError: With everything that is wrong with the request itself.
    """
    caller = caller_of(request)
    content = body_of(request)
    try:
        asked = parse(model, content)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        tenant_problems = _tenant_problems(details, content, request, caller)
        raise InstallHubError([*map(_problem, details[:_MAX_PROBLEMS]), *tenant_problems]) from None
    choice = TenantChoice(tenant_header(request), asked.tenant_id)
    if problems := choice.problems(caller, required=True):
        raise InstallHubError(problems)
    return asked, str(choice.named), caller


def read_document(model: type[_Document], content: bytes) -> _Document:
    """A request to export that came with nothing around it: it must say its tenant itself.

    Raises:
        InstallHubError: With everything that is wrong with it.
    """
    if len(content) > MAX_BODY_BYTES:
        raise InstallHubError.of(
            ErrorCode.REQUEST_TOO_LARGE, f"The request has {len(content)} bytes; the limit is {MAX_BODY_BYTES}."
        )
    try:
        return parse(model, content)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise InstallHubError(map(_problem, details[:_MAX_PROBLEMS])) from None


def export_document(request: ExportRequest, tenant: str) -> dict[str, Any]:
    """``request`` as JSON that says its tenant itself."""
    return {**as_json(request), "tenantId": tenant}


def export_command(
    request: ExportRequest,
    tenant: str,
    requested_by: str,
    *,
    request_id: str | None = None,
    acceptance: Acceptance | None = None,
) -> ExportCommand:
    """The command that ``request`` gives when ``requested_by`` makes it for ``tenant``."""
    return ExportCommand(
        tenant=tenant,
        requested_by=requested_by,
        name=request.package_name,
        version=request.version,
        package_type=request.package_type,
        description=request.description,
        author=request.author,
        tags=tuple(request.tags or ()),
        roots=tuple(request.artifact_ids),
        request_id=request_id,
        acceptance=acceptance,
    )


def _tenant_problems(details: list[ErrorDetails], content: bytes, request: Request, caller: Caller) -> list[Problem]:
    """What is wrong with the tenant that an invalid body and the header name nevertheless."""
    if details[0]["type"] in _NO_OBJECT:
        return TenantChoice(tenant_header(request)).problems(caller, required=False)
    tenant = json.loads(content).get("tenantId")
    choice = TenantChoice(tenant_header(request), tenant if isinstance(tenant, str) and tenant else None)
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
