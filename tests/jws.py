"""Parts of compact tokens (RFC 7515), sound ones and others."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

Members = Mapping[str, object] | bytes
"""Changes to a JSON object: a member that becomes ``...`` is left out, bytes replace it all."""


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def changed(good: Mapping[str, object], changes: Members) -> bytes:
    """``good`` as JSON but for the changes."""
    if isinstance(changes, bytes):
        return changes
    return json.dumps({name: value for name, value in {**good, **changes}.items() if value is not ...}).encode()
