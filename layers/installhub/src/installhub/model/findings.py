"""What looks like a secret in an artifact: by which rule, and where, but never the secret itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final, NamedTuple

FINGERPRINT_LENGTH: Final = 16
"""Number of hexadecimal digits of a fingerprint."""

FINGERPRINT_PATTERN: Final = f"^[0-9a-f]{{{FINGERPRINT_LENGTH}}}$"
_DIGITS: Final = frozenset("0123456789abcdef")

NO_FINDINGS: Final = "[]"
"""What :func:`pack_findings` returns for no findings."""


class Finding(NamedTuple):
    """Something that looks like a secret.

    Attributes:
        rule: Name of the rule that found it.
        pointer: JSON pointer to where it is in the artifact as it is published, such as ``/definition/url`` (RFC 6901).
        fingerprint: Equal for equal secrets of a tenant; those of different tenants cannot be compared.
    """

    rule: str
    pointer: str
    fingerprint: str

    def as_json(self) -> dict[str, str]:
        """The finding as a JSON object."""
        return self._asdict()


def is_fingerprint(value: object) -> bool:
    """Whether ``value`` has the form of a fingerprint."""
    return isinstance(value, str) and len(value) == FINGERPRINT_LENGTH and _DIGITS.issuperset(value)


def pack_findings(findings: Iterable[Finding]) -> str:
    """``findings`` as JSON."""
    return json.dumps([part for finding in findings for part in finding], ensure_ascii=False, separators=(",", ":"))


def unpack_findings(packed: str) -> list[Finding]:
    """The inverse of :func:`pack_findings`."""
    parts = iter(json.loads(packed))
    return [Finding(rule, next(parts), next(parts)) for rule in parts]
