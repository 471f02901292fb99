"""Direct invocations of the worker, for example by a Step Functions state machine.

The result is the body of the HTTP response to an export. An error is an exception whose class is named after the error
code, so that a state machine can ``Catch`` it by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from installhub.contract.problem_bodies import problem_body, truncated_errors
from installhub.contract.request_documents import build_export_command, read_export_request
from installhub.contract.request_models import InvocationExportRequest
from installhub.contract.response_bodies import package_body
from installhub.exports.commands import ExportCommand, ExportedPackage
from installhub.model.errors import InstallHubError
from installhub.runtime.redaction import CallerFacingError

MAX_RESULT_BYTES: Final = 250_000
"""Maximum size of a result; the limit of Step Functions is 256 KiB, that of Lambda 6 MB."""

_MAX_DETAIL_LENGTH: Final = 1000
_MAX_ERRORS_BYTES: Final = 20_000  # Step Functions truncates an error's cause to 32,768 characters


class ExportRefusedError(CallerFacingError):
    """Base class of the exceptions that are named after error codes; the message is the problem document."""


def invocation_command(payload: Mapping[str, Any]) -> ExportCommand:
    """The command in the ``payload`` of a direct invocation.

    Raises:
        InstallHubError: With every problem of the payload.
    """
    request = read_export_request(InvocationExportRequest, json.dumps(payload).encode())
    request_id = None if request.request_id is None else f"invoke:{request.request_id}"
    return build_export_command(request, str(request.tenant_id), request_id or "invoke", request_id=request_id)


def invocation_result(exported: ExportedPackage) -> dict[str, Any]:
    """The body of the HTTP response to an export, without the manifest if it would be too large."""
    body = package_body(exported.record, exported.manifest)
    if len(json.dumps(body)) > MAX_RESULT_BYTES:
        del body["manifest"]
    return body


def invocation_error(error: InstallHubError, instance: str) -> ExportRefusedError:
    """An exception for ``error``, whose class is named after the error code; ``instance`` identifies the occurrence."""
    body = problem_body(error.problems, instance)
    body["detail"] = body["detail"][:_MAX_DETAIL_LENGTH]
    body["errors"] = truncated_errors(error.problems, _MAX_ERRORS_BYTES)
    exception_class: type[ExportRefusedError] = type(error.code.value, (ExportRefusedError,), {})
    return exception_class(json.dumps(body))
