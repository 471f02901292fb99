"""Builds responses for results and errors, within Lambda's size limit."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from installhub.contract.problem_bodies import JSON_TYPE, PROBLEM_TYPE, problem_body
from installhub.http.response import Response
from installhub.model.errors import (
    REGISTRY,
    ErrorCode,
    InstallHubError,
    InsufficientScopeError,
    MissingResourceError,
    Problem,
)
from installhub.runtime.telemetry import logger

if TYPE_CHECKING:
    from installhub.http.request import Request

MAX_RESPONSE_BYTES: Final = 6 * 1024 * 1024 - 64 * 1024
"""Maximum size of a body as JSON string; the limit of a synchronous Lambda response is 6 MB including headers."""

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})

_ALWAYS_FITS_LENGTH: Final = 1024 * 1024  # in characters: at most 4 MiB in UTF-8
_MAX_LISTED_PROBLEMS: Final = 1_000
_MAX_DETAIL_LENGTH: Final = 10_000
NO_STORE: Final = "no-store"


def json_response(
    request: Request,
    body: Mapping[str, Any],
    reduced: Callable[[], Mapping[str, Any]] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] = NO_HEADERS,
) -> Response:
    """A response with ``body``, compressed if it would exceed the size limit of a Lambda response.

    Args:
        request: The request.
        body: The response body.
        reduced: Returns a smaller body, which is used if ``body`` exceeds the limit even when compressed.
        status: The HTTP status.
        headers: Additional headers.

    Raises:
        InstallHubError: PackageTooLarge, if no body is within the limit.
    """
    response = _fit_response(request, status, JSON_TYPE, encode_json(body), headers)
    if response is None and reduced is not None:
        response = _fit_response(request, status, JSON_TYPE, encode_json(reduced()), headers)
    return _required(response)


def text_response(request: Request, content_type: str, text: str, headers: Mapping[str, str]) -> Response:
    """A 200 with ``text``, compressed if it would exceed the size limit of a Lambda response.

    Raises:
        InstallHubError: PackageTooLarge, if it exceeds the limit even when compressed.
    """
    return _required(_fit_response(request, 200, content_type, text, headers))


def _required(response: Response | None) -> Response:
    if response is None:
        raise InstallHubError.of(
            ErrorCode.PACKAGE_TOO_LARGE, "The result is too large for a response. Request fewer artifacts at once."
        )
    return response


def problem_response(error: InstallHubError, request: Request) -> Response:
    """A problem document for ``error`` (RFC 9457), shortened if it would be too large."""
    kind = REGISTRY[error.code]
    status = 404 if isinstance(error, MissingResourceError) else kind.status
    headers: dict[str, str] = {}
    if kind.retry_after is not None:
        headers["Retry-After"] = str(kind.retry_after)
    if error.code is ErrorCode.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'  # RFC 6750, 3
    if isinstance(error, InsufficientScopeError):
        headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{" ".join(error.scopes)}"'
    instance = f"urn:uuid:{request.id}"
    everything = problem_body(error.problems, instance, status)
    response = _fit_response(request, status, PROBLEM_TYPE, encode_json(everything), headers)
    if response is None:
        listed = problem_body(error.problems[:_MAX_LISTED_PROBLEMS], instance, status)
        response = _fit_response(request, status, PROBLEM_TYPE, encode_json(listed), headers)
    if response is None:
        first = error.problems[0]
        short = Problem(first.code, f"{first.detail[:_MAX_DETAIL_LENGTH]}…", artifact_id=first.artifact_id)
        response = uncompressed_response(
            status, PROBLEM_TYPE, json.dumps(problem_body([short], instance, status)), headers
        )
    return response


def _fit_response(
    request: Request, status: int, content_type: str, text: str, headers: Mapping[str, str]
) -> Response | None:
    """A response with ``text``, compressed if necessary to stay within the size limit; None if that is not enough.

    ``Accept-Encoding`` is ignored: the alternative to a compressed response would be an error.
    """
    if len(text) <= _ALWAYS_FITS_LENGTH or len(json.dumps(text)) <= MAX_RESPONSE_BYTES:
        return uncompressed_response(status, content_type, text, headers)
    packed = gzip.compress(text.encode(), compresslevel=6, mtime=0)
    logger.info("large response compressed", extra={"bytes": len(packed), "path": request.path})
    if len(packed) * 4 // 3 > MAX_RESPONSE_BYTES:
        return None
    response = Response(status, _body_headers(content_type, headers), packed)
    return response.with_headers({"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})


def encode_json(body: Mapping[str, Any]) -> str:
    """``body`` as JSON without whitespace."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def uncompressed_response(status: int, content_type: str, text: str, headers: Mapping[str, str]) -> Response:
    """A response that is known to be within the size limit."""
    return Response(status, _body_headers(content_type, headers), text)


def _body_headers(content_type: str, headers: Mapping[str, str]) -> dict[str, str]:
    return {"Content-Type": content_type, "Cache-Control": NO_STORE, **headers}
