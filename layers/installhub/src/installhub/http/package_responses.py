"""Builds responses with packages, their bundles, and pending exports."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from installhub.contract.problem_bodies import JSON_TYPE
from installhub.contract.response_bodies import package_body, reduced_package_body
from installhub.http.bundle_headers import content_disposition, entity_tag
from installhub.http.byte_range import RangeNotSatisfiableError, requested_range
from installhub.http.entity_tags import is_not_modified
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
