"""Builds responses with the keys that verify attestations."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from installhub.http.entity_tags import is_not_modified, quoted_tag
from installhub.http.response import Response
from installhub.http.responses import encode_json, text_response

if TYPE_CHECKING:
    from installhub.http.request import Request

KEYS_TYPE: Final = "application/jwk-set+json"


def keys_response(request: Request, jwks: Sequence[dict[str, str]]) -> Response:
    """A 200 with a JWK set (RFC 7517), which any cache may keep for an hour; 304 if the client has it."""
    body = encode_json({"keys": jwks})
    headers = {
        "ETag": quoted_tag(hashlib.sha256(body.encode()).hexdigest()),
        "Cache-Control": "public, max-age=3600",
    }
    if is_not_modified(headers["ETag"], request.header("If-None-Match")):
        return Response(304, headers)
    return text_response(request, KEYS_TYPE, body, headers)
