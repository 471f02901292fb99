"""Package versions (Semantic Versioning 2.0.0) and the identity of a package."""

from __future__ import annotations

import json
import unicodedata
import uuid
from typing import Final

MAX_VERSION_LENGTH: Final = 256

VERSION_PATTERN: Final = (
    r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$"
)
"""SemVer's grammar for the documents (ECMA-262); what is checked is :func:`is_valid_version`."""

_PACKAGE_NAMESPACE: Final = uuid.UUID("8e4e3c1a-5f0b-5a57-9d0c-2f6f1b7f4a11")


def is_valid_version(text: str) -> bool:
    """Whether ``text`` is a version by SemVer 2.0.0: the whole of it, ASCII, at most 256 characters."""
    if len(text) > MAX_VERSION_LENGTH or not text.isascii():
        return False
    from semver import Version  # noqa: PLC0415  # brings argparse along, and most functions check no version

    try:
        # semver's pattern ends in "$", which a trailing newline passes; writing it out again does not.
        return str(Version.parse(text)) == text
    except ValueError:
        return False


def precedence_text(version: str) -> str:
    """``version`` without its build metadata, which takes no part in precedence (SemVer 2.0.0, item 10)."""
    return version.partition("+")[0]


def normalized_name(name: str) -> str:
    """``name`` as it counts for identity: surrounding blanks and case ignored, composed (NFC)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().casefold())


def package_id(tenant: str, name: str, version: str) -> str:
    """The id under which the package ``name`` ``version`` of ``tenant`` lives, and no other one.

    Deterministic (RFC 9562 UUIDv5), so that a retry lands on the same key.
    """
    identity = json.dumps([tenant, normalized_name(name), precedence_text(version)])
    return f"pkg-{uuid.uuid5(_PACKAGE_NAMESPACE, identity)}"
