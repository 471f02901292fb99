"""Direct invocation: the worker called as a function, by a state machine for example.

It returns what an HTTP response contains, and raises an exception whose class is named after the contract's error code,
so that a state machine can ``Catch`` it by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from installhub.contract.request_documents import build_export_command, read_export_request
from installhub.contract.request_models import InvocationExportRequest
from installhub.contract.response_bodies import package_body, problem_body, truncated_errors
from installhub.exports.commands import ExportCommand, ExportedPackage
from installhub.model.errors import InstallHubError
from installhub.runtime.redaction import CallerFacingError

MAX_RESULT_BYTES: Final = 250_000
"""Maximum size of a result: Step Functions passes 256 KiB between states, Lambda itself 6 MB."""

_MAX_DETAIL: Final = 1000
_MAX_ERRORS_BYTES: Final = 20_000  # Step Functions truncates a cause at 32,768 characters


class ExportRefusedError(CallerFacingError):
    """Base of the exceptions that are named after the contract's codes; the message is the problem document."""


def invocation_command(payload: Mapping[str, Any]) -> ExportCommand:
    """The command of a direct invocation.

    Raises:
        InstallHubError: With every problem of the payload.
    """
    request = read_export_request(InvocationExportRequest, json.dumps(payload).encode())
    name = request.request_id
    return build_export_command(
        request,
        str(request.tenant_id),
        "invoke" if name is None else f"invoke:{name}",
        request_id=None if name is None else f"invoke:{name}",
    )


def invocation_result(exported: ExportedPackage) -> dict[str, Any]:
    """The body of the HTTP response to an export, without the manifest if that would be too large."""
    body = package_body(exported.record, exported.manifest)
    if len(json.dumps(body)) > MAX_RESULT_BYTES:
        del body["manifest"]
    return body


def invocation_error(error: InstallHubError, instance: str) -> ExportRefusedError:
    """``error`` as an exception whose class is named after its code."""
    body = problem_body(error.problems, instance)
    body["detail"] = body["detail"][:_MAX_DETAIL]
    body["errors"] = truncated_errors(error.problems, _MAX_ERRORS_BYTES)
    kind: type[ExportRefusedError] = type(error.code.value, (ExportRefusedError,), {})
    return kind(json.dumps(body))
