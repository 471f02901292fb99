"""base64url without padding (RFC 7515 section 2), which JSON Web Keys and tokens use."""

from __future__ import annotations

import base64


def base64url_encode(data: bytes) -> str:
    """Encode ``data``."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def base64url_decode(text: str) -> bytes:
    """The inverse of :func:`base64url_encode`.

    Raises:
        ValueError: Not the canonical encoding, such as with padding or non-zero trailing bits.
    """
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url_encode(data) != text:
        raise ValueError("not base64url")
    return data
