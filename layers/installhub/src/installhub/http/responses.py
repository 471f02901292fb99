"""Builds responses for results and errors, within Lambda's size limit."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from installhub.contract.response_bodies import (
    JSON_TYPE,
    PROBLEM_TYPE,
    package_body,
    problem_body,
    reduced_package_body,
)
from installhub.http.bundle_headers import content_disposition, entity_tag, is_not_modified
from installhub.http.byte_range import RangeNotSatisfiableError, requested_range
from installhub.http.headers import RESPOND_ASYNC
from installhub.http.response import Response
from installhub.model.errors import REGISTRY, ErrorCode, InstallHubError, Problem
from installhub.packages.bundle_store import CONTENT_TYPE, LINK_LIFETIME_SECONDS
from installhub.packages.records import PackageStatus
from installhub.runtime.telemetry import logger

if TYPE_CHECKING:
    from installhub.http.request import Request
    from installhub.packages.bundle_store import BundleStore
    from installhub.packages.records import PackageRecord

MAX_RESPONSE_BYTES: Final = 6 * 1024 * 1024 - 64 * 1024
"""Maximum size of a body as JSON string; the limit of a synchronous Lambda response is 6 MB including headers."""

POLL_INTERVAL_SECONDS: Final = 2
"""How long a client should wait before requesting the status of a pending export again."""

_ALWAYS_FITS_LENGTH: Final = 1024 * 1024  # in characters: at most 4 MiB in UTF-8
_MAX_LISTED_PROBLEMS: Final = 1_000
_MAX_DETAIL_LENGTH: Final = 10_000
_NO_STORE: Final = "no-store"


def accepted_response(body: Mapping[str, Any]) -> Response:
    """A 202 with ``body`` and the location of the status resource."""
    headers = {
        # Relative to the request, so that it is valid with a stage path and with a custom domain.
        "Location": str(body["packageId"]),
        "Retry-After": str(POLL_INTERVAL_SECONDS),
        "Preference-Applied": RESPOND_ASYNC,
    }
    return _uncompressed(202, JSON_TYPE, _encode(body), headers)


def pending_response(body: Mapping[str, Any]) -> Response:
    """A 200 with the ``body`` of a pending or failed export."""
    is_pending = body["status"] != PackageStatus.FAILED
    return _uncompressed(
        200, JSON_TYPE, _encode(body), {"Retry-After": str(POLL_INTERVAL_SECONDS)} if is_pending else {}
    )


def json_response(
    request: Request, body: Mapping[str, Any], reduced: Callable[[], Mapping[str, Any]] | None = None
) -> Response:
    """A 200 with ``body``, compressed if it would exceed the size limit of a Lambda response.

    Args:
        request: The request.
        body: The response body.
        reduced: Returns a smaller body, which is used if ``body`` exceeds the limit even when compressed.

    Raises:
        InstallHubError: PackageTooLarge, if no body is within the limit.
    """
    response = _fit_response(request, 200, JSON_TYPE, body, {})
    if response is None and reduced is not None:
        response = _fit_response(request, 200, JSON_TYPE, reduced(), {})
    if response is None:
        raise InstallHubError.of(
            ErrorCode.PACKAGE_TOO_LARGE, "The result is too large for a response. Request fewer artifacts at once."
        )
    return response


def package_response(request: Request, record: PackageRecord, manifest: Mapping[str, Any]) -> Response:
    """A 200 with a package. If it would be too large, the manifest's lists are empty; the bundle contains them."""
    return json_response(
        request, package_body(record, manifest), reduced=lambda: reduced_package_body(record, manifest)
    )


def bundle_response(request: Request, record: PackageRecord, bundles: BundleStore, max_inline: int) -> Response:
    """The bundle of ``record``, or the range of it that the request asks for.

    200 or 206; 304 if the client has it, 307 if it has more than ``max_inline`` bytes, 416 if there is no such range.
    """
    entity, size = entity_tag(record), record.layout.size
    headers = {
        "ETag": entity,
        # Although bundles are immutable, a cached one must be revalidated, which checks the caller's authorization.
        "Cache-Control": "private, no-cache",
    }
    if is_not_modified(entity, request.header("If-None-Match")):
        return Response(304, headers)
    disposition = content_disposition(record)
    if size > max_inline:
        link = bundles.presigned_url(request.method, record.bundle_key, disposition, LINK_LIFETIME_SECONDS)
        return Response(307, {**headers, "Location": link, "Cache-Control": _NO_STORE})
    wanted = request.header("Range") if request.method == "GET" else None  # undefined for HEAD (RFC 9110, 14.2)
    try:
        part = requested_range(wanted, request.header("If-Range"), entity, size)
    except RangeNotSatisfiableError:
        refusal = problem_response(InstallHubError.of(ErrorCode.RANGE_NOT_SATISFIABLE), request)
        return refusal.with_headers({"Content-Range": f"bytes */{size}"})
    digest = base64.b64encode(bytes.fromhex(record.checksum.removeprefix("sha256:"))).decode()
    headers["Accept-Ranges"] = "bytes"
    headers["Content-Disposition"] = disposition
    headers["Repr-Digest"] = f"sha-256=:{digest}:"  # of the whole bundle, also with a range (RFC 9530)
    headers["Content-Type"] = CONTENT_TYPE
    if part is None:
        return Response(200, headers, bundles.read(record.bundle_key))
    headers["Content-Range"] = part.content_range(size)
    return Response(206, headers, bundles.read_range(record.bundle_key, part.first, part.length))


def problem_response(error: InstallHubError, request: Request) -> Response:
    """A problem document for ``error`` (RFC 9457), shortened if it would be too large."""
    kind = REGISTRY[error.code]
    headers: dict[str, str] = {}
    if kind.retry_after is not None:
        headers["Retry-After"] = str(kind.retry_after)
    if error.code is ErrorCode.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'  # RFC 6750, 3
    instance = f"urn:uuid:{request.id}"
    response = _fit_response(request, kind.status, PROBLEM_TYPE, problem_body(error.problems, instance), headers)
    if response is None:
        listed = problem_body(error.problems[:_MAX_LISTED_PROBLEMS], instance)
        response = _fit_response(request, kind.status, PROBLEM_TYPE, listed, headers)
    if response is None:
        first = error.problems[0]
        short = Problem(first.code, f"{first.detail[:_MAX_DETAIL_LENGTH]}…", artifact_id=first.artifact_id)
        response = _uncompressed(kind.status, PROBLEM_TYPE, json.dumps(problem_body([short], instance)), headers)
    return response


def _fit_response(
    request: Request, status: int, content_type: str, body: Mapping[str, Any], headers: Mapping[str, str]
) -> Response | None:
    """A response with ``body``, compressed if necessary to stay within the size limit; None if that is not enough.

    ``Accept-Encoding`` is ignored: the alternative to a compressed response would be an error.
    """
    text = _encode(body)
    if len(text) <= _ALWAYS_FITS_LENGTH or len(json.dumps(text)) <= MAX_RESPONSE_BYTES:
        return _uncompressed(status, content_type, text, headers)
    packed = gzip.compress(text.encode(), compresslevel=6, mtime=0)
    logger.info("large response compressed", extra={"bytes": len(packed), "path": request.path})
    if len(packed) * 4 // 3 > MAX_RESPONSE_BYTES:
        return None
    coding = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(status, {**_body_headers(content_type, headers), **coding}, packed)


def _encode(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _uncompressed(status: int, content_type: str, text: str, headers: Mapping[str, str]) -> Response:
    return Response(status, _body_headers(content_type, headers), text)


def _body_headers(content_type: str, headers: Mapping[str, str]) -> dict[str, str]:
    return {"Content-Type": content_type, "Cache-Control": _NO_STORE, **headers}
