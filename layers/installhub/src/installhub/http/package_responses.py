"""Builds responses with packages, their bundles, and pending exports."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from installhub.contract.lifecycle_bodies import lifecycle_body, lifecycle_fields
from installhub.contract.problem_bodies import JSON_TYPE
from installhub.contract.response_bodies import package_body, reduced_package_body
from installhub.http.bundle_headers import content_disposition, entity_tag
from installhub.http.byte_range import RangeNotSatisfiableError, requested_range
from installhub.http.deprecation import deprecation_headers
from installhub.http.entity_tags import is_not_modified, quoted_tag
from installhub.http.headers import RESPOND_ASYNC
from installhub.http.response import Response
from installhub.http.responses import NO_STORE, encode_json, json_response, problem_response, uncompressed_response
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.packages.bundle_store import CONTENT_TYPE, LINK_LIFETIME_SECONDS
from installhub.packages.records import PackageStatus

if TYPE_CHECKING:
    from installhub.http.request import Request
    from installhub.packages.bundle_store import BundleStore
    from installhub.packages.records import PackageRecord

_REVALIDATE: Final = "private, no-cache"
"""Although bundles are immutable, a cached response must be revalidated, which checks the caller's authorization."""

POLL_INTERVAL_SECONDS: Final = 2
"""How long a client should wait before requesting the status of a pending export again."""


def accepted_response(body: Mapping[str, Any]) -> Response:
    """A 202 with ``body`` and the location of the status resource."""
    headers = {
        # Relative to the request, so that it is valid with a stage path and with a custom domain.
        "Location": str(body["packageId"]),
        "Retry-After": str(POLL_INTERVAL_SECONDS),
        "Preference-Applied": RESPOND_ASYNC,
    }
    return uncompressed_response(202, JSON_TYPE, encode_json(body), headers)


def pending_response(body: Mapping[str, Any]) -> Response:
    """A 200 with the ``body`` of a pending or failed export."""
    is_pending = body["status"] != PackageStatus.FAILED
    return uncompressed_response(
        200, JSON_TYPE, encode_json(body), {"Retry-After": str(POLL_INTERVAL_SECONDS)} if is_pending else {}
    )


def export_response(request: Request, record: PackageRecord, manifest: Mapping[str, Any]) -> Response:
    """A 200 with an exported package. If it would be too large, the manifest's lists are empty; the bundle has them."""
    return _package_response(request, record, manifest, {}, {})


def package_response(
    request: Request, record: PackageRecord, read_manifest: Callable[[], Mapping[str, Any]]
) -> Response:
    """As :func:`export_response`, with the lifecycle if it was changed; 304 if the client has it."""
    headers = {
        "ETag": quoted_tag(record.revision),
        "Cache-Control": _REVALIDATE,
        **deprecation_headers(record),
    }
    if is_not_modified(headers["ETag"], request.header("If-None-Match")):
        return Response(304, headers)
    lifecycle = lifecycle_fields(record.state) if record.state.revision else {}
    return _package_response(request, record, read_manifest(), lifecycle, headers)


def lifecycle_response(request: Request, record: PackageRecord) -> Response:
    """A 200 with the lifecycle of a package."""
    return json_response(request, lifecycle_body(record), headers={"ETag": quoted_tag(record.revision)})


def _package_response(
    request: Request,
    record: PackageRecord,
    manifest: Mapping[str, Any],
    lifecycle: Mapping[str, Any],
    headers: Mapping[str, str],
) -> Response:
    return json_response(
        request,
        {**package_body(record, manifest), **lifecycle},
        reduced=lambda: {**reduced_package_body(record, manifest), **lifecycle},
        headers=headers,
    )


def bundle_response(request: Request, record: PackageRecord, bundles: BundleStore, max_inline: int) -> Response:
    """The bundle of ``record``, or the range of it that the request asks for.

    200 or 206; 304 if the client has it, 307 if it has more than ``max_inline`` bytes, 416 if there is no such range.
    """
    entity, size = entity_tag(record), record.layout.size
    headers = {
        "ETag": entity,
        "Cache-Control": _REVALIDATE,
        **deprecation_headers(record),
    }
    if is_not_modified(entity, request.header("If-None-Match")):
        return Response(304, headers)
    disposition = content_disposition(record)
    if size > max_inline:
        link = bundles.presigned_url(request.method, record.bundle_key, disposition, LINK_LIFETIME_SECONDS)
        return Response(307, {**headers, "Location": link, "Cache-Control": NO_STORE})
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
