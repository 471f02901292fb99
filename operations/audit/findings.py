"""What an audit can find."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class FindingKind(StrEnum):
    """What is wrong."""

    INCOMPLETE_PACKAGE = "half-package"
    ORPHAN_BUNDLE = "orphan-bundle"
    EXPIRED_CLAIM = "expired-claim"
    WRONG_CHECKSUM = "wrong-checksum"
    WRONG_BUNDLE = "wrong-bundle"
    MISSING_DEFINITION = "missing-definition"
    WRONG_DEFINITION = "wrong-definition"
    ORPHAN_DEFINITION = "orphan-definition"
    UNFINISHED_UPLOAD = "unfinished-upload"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, and where.

    Attributes:
        kind: What is wrong.
        place: The item or object.
        detail: What was expected and what is there.
    """

    kind: FindingKind
    location: str
    detail: str


@dataclass
class Report:
    """What an audit looked at, and what it found.

    Attributes:
        looked_at: How many of each sort of thing.
        findings: What is wrong.
    """

    checked: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, kind: FindingKind, place: str, detail: str) -> None:
        """Note something that is wrong."""
        self.findings.append(Finding(kind, place, detail))
