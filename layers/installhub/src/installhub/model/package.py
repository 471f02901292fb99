"""The identity of a package, and its description by the requester."""

from __future__ import annotations

import json
import re
import unicodedata
import uuid
from dataclasses import dataclass
from typing import Final

from installhub.model.artifact import PackageType
from installhub.model.version import without_build_metadata

_NOT_IN_SLUG: Final = re.compile(r"[^a-z0-9]+")
_MAX_SLUG_LENGTH: Final = 100
_PACKAGE_NAMESPACE: Final = uuid.UUID("8e4e3c1a-5f0b-5a57-9d0c-2f6f1b7f4a11")


@dataclass(frozen=True, slots=True)
class PackageDescription:
    """A package as its requester describes it.

    Attributes:
        package_id: Derived from tenant, name and version; see :func:`package_id`.
        name: Display name.
        version: SemVer 2.0.0.
        package_type: The purpose of the package.
        description: Free text.
        author: Free text.
        tags: Free texts.
    """

    package_id: str
    name: str
    version: str
    package_type: PackageType
    description: str | None
    author: str | None
    tags: tuple[str, ...]


def normalized_name(name: str) -> str:
    """``name`` for comparison: in Unicode normalization form C, case-folded, without surrounding whitespace."""
    return _folded(name.strip())


def normalized_prefix(prefix: str) -> str:
    """The start of a name for comparison with :func:`normalized_name`: whitespace at its end counts."""
    return _folded(prefix.lstrip())


def package_id(tenant: str, name: str, version: str) -> str:
    """The id of a package: deterministic (UUIDv5, RFC 9562), so that a retry finds the same item."""
    identity = json.dumps([tenant, normalized_name(name), without_build_metadata(version)])
    return f"pkg-{uuid.uuid5(_PACKAGE_NAMESPACE, identity)}"


def file_name(name: str, version: str, extension: str = "zip") -> str:
    """The name of a file of a package in ASCII, such as ``employee-onboarding-2.1.0.zip``."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = _NOT_IN_SLUG.sub("-", ascii_name).strip("-")[:_MAX_SLUG_LENGTH].rstrip("-") or "package"
    return f"{slug}-{version}.{extension}"


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
