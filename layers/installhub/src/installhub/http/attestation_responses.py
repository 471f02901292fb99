"""Builds responses with attestations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from installhub.attestations.envelopes import envelope_of
from installhub.http.bundle_headers import content_disposition
from installhub.http.deprecation import deprecation_headers
from installhub.http.entity_tags import is_not_modified, quoted_tag
from installhub.http.response import Response
from installhub.http.responses import encode_json, text_response
from installhub.model.errors import ErrorCode, InstallHubError

if TYPE_CHECKING:
    from installhub.http.request import Request
    from installhub.packages.records import PackageRecord

ENVELOPE_TYPE: Final = "application/vnd.dsse.envelope.v1+json"


def attestation_response(
    request: Request, record: PackageRecord, read_manifest: Callable[[], bytes], kid: Callable[[str], str]
) -> Response:
    """A 200 with the envelope of a package; 304 if the client has it, for which nothing is read.

    Raises:
        InstallHubError: AttestationNotFound, or PackageTooLarge.
    """
    signature = record.signature
    if signature is None:
        raise InstallHubError.of(ErrorCode.ATTESTATION_NOT_FOUND)
    headers = {
        "ETag": quoted_tag(hashlib.sha256(signature.value.encode()).hexdigest()),
        "Cache-Control": "private, no-cache",  # immutable, but revalidation checks the caller's authorization
        **deprecation_headers(record),
    }
    if is_not_modified(headers["ETag"], request.header("If-None-Match")):
        return Response(304, headers)
    manifest = read_manifest()
    envelope = envelope_of(record, signature, json.loads(manifest), manifest, kid(signature.key))
    headers["Content-Disposition"] = content_disposition(record, extension="intoto.json")
    return text_response(request, ENVELOPE_TYPE, encode_json(envelope), headers)
