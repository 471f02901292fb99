"""Reads request documents: checks their size, validates them, reports all problems, and builds export commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic_core import ValidationError

from installhub.contract.request_models import (
    INVALID_VERSION_ERROR,
    ExportRequest,
    ExportRequested,
    parse_request,
    request_to_json,
)
from installhub.exports.commands import ExportCommand
from installhub.model.errors import ErrorCode, InstallHubError, Problem

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from installhub.packages.records import AcceptedExport

MAX_DOCUMENT_BYTES: Final = 2 * 1024 * 1024
"""Maximum size of a request document: enough for a thousand ids of maximum length."""

_MAX_PROBLEMS: Final = 1000
_MAX_FIELD_NAME_LENGTH: Final = 200
_Document = TypeVar("_Document", bound=ExportRequested)


def read_export_request(model: type[_Document], content: bytes) -> _Document:
    """Parse an export request that contains its tenant, because it was received without a token and headers.

    Raises:
        InstallHubError: RequestTooLarge, or every problem of the document.
    """
    check_request_size(content)
    try:
        return parse_request(model, content)
    except ValidationError as error:
        raise InstallHubError(validation_problems(validation_details(error))) from None


def check_request_size(content: bytes) -> None:
    """Check the size of a request document.

    Raises:
        InstallHubError: RequestTooLarge.
    """
    if len(content) > MAX_DOCUMENT_BYTES:
        raise InstallHubError.of(
            ErrorCode.REQUEST_TOO_LARGE, f"The request has {len(content)} bytes; the limit is {MAX_DOCUMENT_BYTES}."
        )


def validation_details(error: ValidationError) -> list[ErrorDetails]:
    """The details of a validation error, without the invalid input."""
    return error.errors(include_url=False, include_context=False, include_input=False)


def validation_problems(details: list[ErrorDetails]) -> list[Problem]:
    """The details of a validation error as problems; the first thousand."""
    return [_problem(detail) for detail in details[:_MAX_PROBLEMS]]


def build_export_document(request: ExportRequest, tenant: str) -> dict[str, Any]:
    """The JSON of ``request``, including its tenant."""
    return {**request_to_json(request), "tenantId": tenant}


def build_export_command(
    request: ExportRequest,
    tenant: str,
    requested_by: str,
    *,
    request_id: str | None = None,
    accepted: AcceptedExport | None = None,
) -> ExportCommand:
    """The command for ``request``, which ``requested_by`` made for ``tenant``."""
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
        accepted=accepted,
        declared_references=request.on_undeclared_reference == "refuse",
        enforces_version=request.version_policy == "enforce",
    )


def _problem(detail: ErrorDetails) -> Problem:
    pointer = "".join(f"/{_truncated(part).replace('~', '~0').replace('/', '~1')}" for part in detail["loc"])
    return Problem(_error_code(detail), f"{pointer.removeprefix('/') or 'body'}: {detail['msg']}", pointer=pointer)


def _error_code(detail: ErrorDetails) -> ErrorCode:
    if detail["type"] == INVALID_VERSION_ERROR:
        return ErrorCode.INVALID_VERSION
    if detail["type"] == "too_long" and detail["loc"] == ("artifactIds",):
        return ErrorCode.PACKAGE_TOO_LARGE
    return ErrorCode.INVALID_REQUEST


def _truncated(part: object) -> str:
    """A part of a JSON pointer, truncated, since the name of an unknown field may have any length."""
    text = str(part)
    return text if len(text) <= _MAX_FIELD_NAME_LENGTH else f"{text[:_MAX_FIELD_NAME_LENGTH]}…"
