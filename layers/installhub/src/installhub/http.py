"""HTTP: how requests are read and how results and errors become answers. No other module does either."""

from __future__ import annotations

import base64
import gzip
import json
import re
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from installhub.caller import TenantChoice, from_context
from installhub.downloading import LINK_SECONDS, content_disposition, entity_tag, is_unchanged
from installhub.errors import REGISTRY, ErrorCode, InstallHubError, Problem, ServiceUnavailableError
from installhub.packages import PackageStatus
from installhub.packages.bundles import CONTENT_TYPE
from installhub.routes import TENANT_HEADER

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

    from installhub.auth import Caller
    from installhub.packages import BundleStore, PackageRecord

JSON_TYPE: Final = "application/json"
PROBLEM_TYPE: Final = "application/problem+json"
MAX_BODY_BYTES: Final = 4 * 1024 * 1024
"""Most bytes of a request body. Lambda takes 6 MB with the event around it, and the body in base64."""

MAX_PLAIN_ANSWER_BYTES: Final = 5 * 1024 * 1024
"""A larger JSON answer is sent compressed: a synchronous Lambda response holds 6 MB."""

POLL_SECONDS: Final = 2
"""How long to wait before looking again at an export that is under way."""

IDEMPOTENCY_HEADER: Final = "Idempotency-Key"

_RESPOND_ASYNC: Final = "respond-async"
_IDEMPOTENCY_KEY: Final = re.compile(r'"(?P<quoted>[ !#-\[\]-~]{1,255})"|(?P<bare>[!#-~]{1,255})')
_PRIVATE: Final = "no-store"

logger = Logger()


def create_app() -> APIGatewayRestResolver:
    """A resolver whose every error is answered in the API's one error shape."""
    app = APIGatewayRestResolver()

    def refused(error: InstallHubError) -> Response[str]:
        _log_refusal(error)
        return problem_answer(error, app.current_event)

    def failed(error: Exception) -> Response[str]:
        logger.error("unexpected failure", exc_info=error)
        return problem_answer(InstallHubError.of(ErrorCode.INTERNAL_ERROR), app.current_event)

    def not_found(_error: Exception) -> Response[str]:
        return problem_answer(InstallHubError.of(ErrorCode.NOT_FOUND), app.current_event)

    app.exception_handler(InstallHubError)(refused)
    app.exception_handler(Exception)(failed)
    app.not_found(not_found)
    return app


def caller_of(event: APIGatewayProxyEvent) -> Caller:
    """Who calls.

    Raises:
        InstallHubError: Unauthorized or InsufficientScope.
    """
    caller = from_context(_request_context(event).get("authorizer"), time.time())
    logger.append_keys(subject=caller.subject)
    return caller


def tenant_header(event: APIGatewayProxyEvent) -> str | None:
    """The tenant that the header names; a blank one names none."""
    return (event.headers.get(TENANT_HEADER) or "").strip() or None


def tenants_in_reach(event: APIGatewayProxyEvent) -> tuple[str, ...]:
    """The caller's tenants, narrowed to the header's where there is one.

    Raises:
        InstallHubError: Unauthorized, InsufficientScope or TenantMismatch.
    """
    caller = caller_of(event)
    choice = TenantChoice(tenant_header(event))
    if problems := choice.problems(caller, required=False):
        raise InstallHubError(problems)
    return caller.tenants if choice.named is None else (choice.named,)


def body_of(event: APIGatewayProxyEvent) -> bytes:
    """The request's body.

    Raises:
        InstallHubError: RequestTooLarge.
    """
    body = event.get("body") or ""
    content = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode(errors="surrogatepass")
    if len(content) > MAX_BODY_BYTES:
        raise InstallHubError.of(
            ErrorCode.REQUEST_TOO_LARGE, f"The body has {len(content)} bytes; the limit is {MAX_BODY_BYTES}."
        )
    return content


def prefers_async(event: APIGatewayProxyEvent) -> bool:
    """Whether the caller would rather not wait (RFC 7240, 4.1)."""
    preferences = ",".join(_header_lines(event, "Prefer")).split(",")
    return any(preference.partition(";")[0].strip().lower() == _RESPOND_ASYNC for preference in preferences)


def idempotency_key(event: APIGatewayProxyEvent) -> str | None:
    """The request's ``Idempotency-Key``, if it has one; its quotes, which the draft asks for, may be left out.

    Raises:
        InstallHubError: InvalidRequest: there are several, or it is not 1 to 255 printable ASCII characters.
    """
    lines = _header_lines(event, IDEMPOTENCY_HEADER)
    if not lines:
        return None
    match = _IDEMPOTENCY_KEY.fullmatch(lines[0].strip())
    if len(lines) > 1 or match is None:
        raise InstallHubError.of(
            ErrorCode.INVALID_REQUEST, f"{IDEMPOTENCY_HEADER}: one string of 1 to 255 printable ASCII characters."
        )
    return match["quoted"] or match["bare"]


def _header_lines(event: APIGatewayProxyEvent, name: str) -> list[str]:
    many = {key.lower(): values for key, values in (event.get("multiValueHeaders") or {}).items()}
    if name.lower() in many:
        return list(many[name.lower()])
    one = event.headers.get(name)
    return [] if one is None else [one]


def accepted_answer(event: APIGatewayProxyEvent, body: Mapping[str, Any]) -> Response[str]:
    """``body`` as a 202 that says where to look."""
    headers = {
        # Relative to the request, so that it holds under a stage's path and under a domain of its own.
        "Location": str(body["packageId"]),
        "Retry-After": str(POLL_SECONDS),
        "Preference-Applied": _RESPOND_ASYNC,
    }
    return _json_answer(event, 202, JSON_TYPE, body, headers)


def pending_answer(event: APIGatewayProxyEvent, body: Mapping[str, Any]) -> Response[str]:
    """``body``, of a request on its way or failed, as a 200."""
    unfinished = body["status"] != PackageStatus.FAILED
    return _json_answer(event, 200, JSON_TYPE, body, {"Retry-After": str(POLL_SECONDS)} if unfinished else {})


def json_answer(event: APIGatewayProxyEvent, body: Mapping[str, Any]) -> Response[str]:
    """``body`` as a 200, compressed when it would not fit a Lambda response."""
    return _json_answer(event, 200, JSON_TYPE, body, {})


def bundle_answer(
    event: APIGatewayProxyEvent, record: PackageRecord, bundles: BundleStore, max_inline: int
) -> Response[str]:
    """The bundle of ``record``: 304 if the client has it, 200 with its bytes, or 307 to a link when it is large."""
    headers = {
        "ETag": entity_tag(record),
        # Immutable, but only for who may read it: ask again with the tag.
        "Cache-Control": "private, no-cache",
    }
    if is_unchanged(headers["ETag"], event.headers.get("If-None-Match")):
        return Response(304, body="", headers=headers)
    disposition = content_disposition(record)
    if record.layout.size > max_inline:
        link = bundles.link(record.bundle_key, disposition, LINK_SECONDS)
        return Response(307, body="", headers={**headers, "Location": link, "Cache-Control": _PRIVATE})
    digest = base64.b64encode(bytes.fromhex(record.checksum.removeprefix("sha256:"))).decode()
    headers["Content-Disposition"] = disposition
    headers["Repr-Digest"] = f"sha-256=:{digest}:"  # RFC 9530
    content = bundles.read(record.bundle_key)
    return Response(200, CONTENT_TYPE, content, headers=headers)  # type: ignore[arg-type]  # bytes are sent in base64


def problem_answer(error: InstallHubError, event: APIGatewayProxyEvent) -> Response[str]:
    """``error`` as application/problem+json (RFC 9457)."""
    kind = REGISTRY[error.code]
    headers: dict[str, str] = {}
    if kind.retry_after is not None:
        headers["Retry-After"] = str(kind.retry_after)
    if error.code is ErrorCode.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'  # RFC 6750, 3
    request_id = _request_context(event).get("requestId", "unknown")
    body = problem_body(error.problems, instance=f"urn:uuid:{request_id}")
    return _json_answer(event, kind.status, PROBLEM_TYPE, body, headers)


def problem_body(problems: Iterable[Problem], instance: str) -> dict[str, Any]:
    """The body of an error's answer; ``problems`` come most important first."""
    listed = list(problems)
    code = listed[0].code
    detail = listed[0].detail
    if len(listed) > 1:
        detail = f"{detail} ({len(listed)} problems in all, see errors.)"
    return {
        "type": f"urn:installhub:error:{code.value}",
        "title": REGISTRY[code].title,
        "status": REGISTRY[code].status,
        "detail": detail,
        "instance": instance,
        "isSuccess": False,
        "errorCode": code.value,
        "errors": [problem.as_json() for problem in listed],
    }


def _json_answer(
    event: APIGatewayProxyEvent, status: int, content_type: str, body: Mapping[str, Any], headers: Mapping[str, str]
) -> Response[str]:
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    own_headers = {"Cache-Control": _PRIVATE, **headers}
    if len(content) <= MAX_PLAIN_ANSWER_BYTES:
        return Response(status, content_type, content.decode(), headers=own_headers)
    # A request without Accept-Encoding accepts every coding (RFC 9110, 12.5.3).
    logger.info("compressed a large answer", extra={"bytes": len(content), "path": event.get("path")})
    packed = gzip.compress(content, compresslevel=6, mtime=0)
    return Response(
        status,
        content_type,
        packed,  # type: ignore[arg-type]  # bytes are sent in base64
        headers={**own_headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"},
    )


def _request_context(event: APIGatewayProxyEvent) -> Mapping[str, Any]:
    return event.get("requestContext") or {}


def _log_refusal(error: InstallHubError) -> None:
    if isinstance(error, ServiceUnavailableError):
        logger.error("service unavailable", extra={"service": error.service}, exc_info=error.__cause__)
    else:
        logger.info("refused", extra={"errorCode": error.code.value, "problems": len(error.problems)})
