"""Findings of an audit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class FindingKind(StrEnum):
    """The kinds of findings."""

    INCOMPLETE_PACKAGE = "incomplete-package"
    ORPHAN_BUNDLE = "orphan-bundle"
    EXPIRED_CLAIM = "expired-claim"
    WRONG_CHECKSUM = "wrong-checksum"
    WRONG_BUNDLE = "wrong-bundle"
    UNSIGNED_PACKAGE = "unsigned-package"
    WRONG_SIGNATURE = "wrong-signature"
    MISSING_DEFINITION = "missing-definition"
    WRONG_DEFINITION = "wrong-definition"
    ORPHAN_DEFINITION = "orphan-definition"
    UNINDEXED_PACKAGE = "unindexed-package"
    ORPHAN_INDEX_ITEM = "orphan-index-item"
    UNFINISHED_UPLOAD = "unfinished-upload"


@dataclass(frozen=True)
class Finding:
    """An inconsistency in a table or bucket.

    Attributes:
        kind: The kind of inconsistency.
        location: The item or object.
        detail: What was expected and what was found.
    """

    kind: FindingKind
    location: str
    detail: str


@dataclass
class Report:
    """The result of an audit.

    Attributes:
        checked: Number of items and objects checked, by what they are.
        findings: All inconsistencies.
    """

    checked: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, kind: FindingKind, location: str, detail: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(kind, location, detail))
