"""Ids and other texts in paths and query strings.

Gateways differ in how they decode percent-encoded values, and refuse some, so a text with other characters than
letters, digits, ``.``, ``_`` and ``-`` is written as ``~`` and the base64url (RFC 4648, 5; no padding) of its UTF-8.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from installhub.model.artifact import MAX_ID_LENGTH
from installhub.model.text import is_printable

_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+")
_RESERVED: Final = frozenset({".", "..", "batch"})
"""Plain ids that a path cannot contain: clients remove dot segments, and ``batch`` is a route."""

_ENCODED: Final = "~"


def encode_path_id(artifact_id: str) -> str:
    """``artifact_id`` as a path segment."""
    return _encode(artifact_id) if artifact_id in _RESERVED else encode_text(artifact_id)


def encode_text(text: str) -> str:
    """``text`` as the value of a query parameter."""
    return text if _PLAIN.fullmatch(text) else _encode(text)


def decode_path_id(segment: str) -> str | None:
    """The id in a path segment, in either form; None if it is not an id."""
    artifact_id = decode_text(segment)
    return artifact_id if artifact_id is not None and is_artifact_id(artifact_id) else None


def is_artifact_id(text: str) -> bool:
    """Whether ``text`` can be the id of an artifact."""
    return 1 <= len(text) <= MAX_ID_LENGTH and is_printable(text)


def decode_text(value: str) -> str | None:
    """The text in a path segment or query parameter, in either form; None if its encoding is invalid."""
    if not value.startswith(_ENCODED):
        return value
    encoded = value.removeprefix(_ENCODED)
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        return None


def _encode(text: str) -> str:
    return _ENCODED + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
