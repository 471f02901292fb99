"""Encoding of the parts of compact JWS tokens (RFC 7515)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

Members = Mapping[str, object] | bytes
"""Changes to a JSON object: a member changed to ``...`` is omitted, and bytes replace the whole object."""


def encode(data: bytes) -> str:
    """Return ``data`` in base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def with_changes(members: Mapping[str, object], changes: Members) -> bytes:
    """Return ``members`` as JSON, with the changes applied."""
    if isinstance(changes, bytes):
        return changes
    return json.dumps({name: value for name, value in {**members, **changes}.items() if value is not ...}).encode()
