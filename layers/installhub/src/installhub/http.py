"""HTTP: how requests are read and how results and errors become answers. No other module does either."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from installhub.caller import TenantChoice, from_context
from installhub.downloading import LINK_SECONDS, content_disposition, entity_tag, is_package_id, is_unchanged
from installhub.errors import REGISTRY, ErrorCode, InstallHubError, Problem
from installhub.packages import PackageStatus
from installhub.packages.bundles import CONTENT_TYPE
from installhub.preferences import RESPOND_ASYNC
from installhub.presenting import JSON_TYPE, PROBLEM_TYPE, package_body, problem_body, reduced_package_body
from installhub.proxy import Answer, Request
from installhub.routes import TENANT_HEADER
from installhub.telemetry import Handler, about, logger, observed, refused

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from installhub.auth import Caller
    from installhub.packages import BundleStore, PackageRecord
    from installhub.routes import Route

MAX_ANSWER_BYTES: Final = 6 * 1024 * 1024 - 64 * 1024
"""Most bytes of an answer's body within a synchronous Lambda response, which holds 6 MB with all around it."""

POLL_SECONDS: Final = 2
"""How long to wait before looking again at an export that is under way."""

_SURELY_SMALL: Final = 1024 * 1024  # however much quoting it takes
_MAX_LISTED_PROBLEMS: Final = 1_000
_MAX_DETAIL: Final = 10_000
_PRIVATE: Final = "no-store"


def endpoint(route: Route) -> Callable[[Callable[[Request, LambdaContext], Answer]], Handler]:
    """Make a function's handler of what answers ``route``; every error is answered in the API's one error shape."""

    def decorate(use: Callable[[Request, LambdaContext], Answer]) -> Handler:
        @observed
        @wraps(use)
        def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
            logger.append_keys(operation=route.operation)
            request = Request(event)
            try:
                answer = use(request, context)
            except InstallHubError as error:
                refused(error)
                answer = problem_answer(error, request)
            except Exception as error:
                logger.exception("unexpected failure", exc_info=error)
                answer = problem_answer(InstallHubError.of(ErrorCode.INTERNAL_ERROR), request)
            return answer.as_proxy_result()

        return handler

    return decorate


def caller_of(request: Request) -> Caller:
    """Who calls.

    Raises:
        InstallHubError: Unauthorized or InsufficientScope.
    """
    caller = from_context(request.context.get("authorizer"), time.time())
    logger.append_keys(subject=caller.subject)
    return caller


def tenant_header(request: Request) -> str | None:
    """The tenant that the header names; a blank one names none."""
    return (request.header(TENANT_HEADER) or "").strip() or None


def tenants_in_reach(request: Request) -> tuple[str, ...]:
    """The caller's tenants, narrowed to the header's where there is one.

    Raises:
        InstallHubError: Unauthorized, InsufficientScope or TenantMismatch.
    """
    caller = caller_of(request)
    choice = TenantChoice(tenant_header(request))
    if problems := choice.problems(caller, required=False):
        raise InstallHubError(problems)
    tenants = caller.tenants if choice.named is None else (choice.named,)
    if len(tenants) == 1:
        about(tenant=tenants[0])
    return tenants


def accepted_answer(body: Mapping[str, Any]) -> Answer:
    """``body`` as a 202 that says where to look."""
    headers = {
        # Relative to the request, so that it holds under a stage's path and under a domain of its own.
        "Location": str(body["packageId"]),
        "Retry-After": str(POLL_SECONDS),
        "Preference-Applied": RESPOND_ASYNC,
    }
    return _plain(202, JSON_TYPE, _text(body), headers)


def pending_answer(body: Mapping[str, Any]) -> Answer:
    """``body``, of a request on its way or failed, as a 200."""
    unfinished = body["status"] != PackageStatus.FAILED
    return _plain(200, JSON_TYPE, _text(body), {"Retry-After": str(POLL_SECONDS)} if unfinished else {})


def json_answer(
    request: Request, body: Mapping[str, Any], reduced: Callable[[], Mapping[str, Any]] | None = None
) -> Answer:
    """``body`` as a 200, compressed when it would not fit a Lambda response.

    Args:
        request: The request.
        body: The answer.
        reduced: Gives a smaller answer, for when ``body`` does not fit even compressed.

    Raises:
        InstallHubError: PackageTooLarge: it does not fit and cannot be reduced.
    """
    answer = _fitting(request, 200, JSON_TYPE, body, {})
    if answer is None and reduced is not None:
        answer = _fitting(request, 200, JSON_TYPE, reduced(), {})
    if answer is None:
        raise InstallHubError.of(
            ErrorCode.PACKAGE_TOO_LARGE, "The answer does not fit a response. Ask for less at once."
        )
    return answer


def package_answer(request: Request, record: PackageRecord, manifest: Mapping[str, Any]) -> Answer:
    """A package; without its manifest's lists should they not fit a response. The bundle has them."""
    return json_answer(request, package_body(record, manifest), reduced=lambda: reduced_package_body(record, manifest))


def bundle_answer(request: Request, record: PackageRecord, bundles: BundleStore, max_inline: int) -> Answer:
    """The bundle of ``record``: 304 if the client has it, 200 with its bytes, or 307 to a link when it is large."""
    headers = {
        "ETag": entity_tag(record),
        # Immutable, but only for who may read it: ask again with the tag.
        "Cache-Control": "private, no-cache",
    }
    if is_unchanged(headers["ETag"], request.header("If-None-Match")):
        return Answer(304, headers)
    disposition = content_disposition(record)
    if record.layout.size > max_inline:
        link = bundles.link(record.bundle_key, disposition, LINK_SECONDS)
        return Answer(307, {**headers, "Location": link, "Cache-Control": _PRIVATE})
    digest = base64.b64encode(bytes.fromhex(record.checksum.removeprefix("sha256:"))).decode()
    headers["Content-Disposition"] = disposition
    headers["Repr-Digest"] = f"sha-256=:{digest}:"  # RFC 9530
    headers["Content-Type"] = CONTENT_TYPE
    return Answer(200, headers, bundles.read(record.bundle_key))


def problem_answer(error: InstallHubError, request: Request) -> Answer:
    """``error`` as application/problem+json (RFC 9457)."""
    kind = REGISTRY[error.code]
    headers: dict[str, str] = {}
    if kind.retry_after is not None:
        headers["Retry-After"] = str(kind.retry_after)
    if error.code is ErrorCode.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'  # RFC 6750, 3
    instance = f"urn:uuid:{request.id}"
    answer = _fitting(request, kind.status, PROBLEM_TYPE, problem_body(error.problems, instance), headers)
    if answer is None:
        listed = problem_body(error.problems[:_MAX_LISTED_PROBLEMS], instance)
        answer = _fitting(request, kind.status, PROBLEM_TYPE, listed, headers)
    if answer is None:
        first = error.problems[0]
        essence = Problem(first.code, f"{first.detail[:_MAX_DETAIL]}…", artifact_id=first.artifact_id)
        answer = _plain(kind.status, PROBLEM_TYPE, json.dumps(problem_body([essence], instance)), headers)
    return answer


def _fitting(
    request: Request, status: int, content_type: str, body: Mapping[str, Any], headers: Mapping[str, str]
) -> Answer | None:
    """An answer with ``body``, compressed if need be; None if it does not fit even so.

    A request without Accept-Encoding accepts every coding (RFC 9110, 12.5.3).
    """
    text = _text(body)
    if len(text) <= _SURELY_SMALL or len(json.dumps(text)) <= MAX_ANSWER_BYTES:
        return _plain(status, content_type, text, headers)
    packed = gzip.compress(text.encode(), compresslevel=6, mtime=0)
    logger.info("compressed a large answer", extra={"bytes": len(packed), "path": request.path})
    if len(packed) * 4 // 3 > MAX_ANSWER_BYTES:
        return None
    coding = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Answer(status, {**_own_headers(content_type, headers), **coding}, packed)


def _text(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _plain(status: int, content_type: str, text: str, headers: Mapping[str, str]) -> Answer:
    return Answer(status, _own_headers(content_type, headers), text)


def _own_headers(content_type: str, headers: Mapping[str, str]) -> dict[str, str]:
    return {"Content-Type": content_type, "Cache-Control": _PRIVATE, **headers}


def package_id_in(request: Request) -> str:
    """The package id in the path, whatever it holds; lines from here on name what may be one."""
    package_id = request.path_parameter("packageId")
    if is_package_id(package_id):
        about(package_id=package_id)
    return package_id
