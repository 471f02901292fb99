"""What scans found, held against the exceptions that were made."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path


@dataclass(frozen=True, order=True)
class Finding:
    """What a scanner has against a place.

    Attributes:
        scanner: Which one.
        rule: The scanner's name for what is wrong.
        place: A file, a resource of the template, or a package of a requirements file.
        detail: In words, and on which line.
    """

    scanner: str
    rule: str
    place: str
    detail: str


@dataclass(frozen=True)
class Report:
    """What one scan came to.

    Attributes:
        scanner: Which one.
        looked_at: At what, and at how much of it.
        findings: What is wrong.
        gap: Why something was not looked at, if so. It is not clean then, it is not known.
        failure: Why the scan itself came to nothing, if so.
    """

    scanner: str
    scope: str
    findings: tuple[Finding, ...] = ()
    gap: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Exemption:
    """An exception: findings that are looked at, and are to stay.

    Attributes:
        scanner: Whose findings.
        rules: Their rules.
        places: Their places, as patterns.
        reason: Why they may stay.
    """

    scanner: str
    rules: tuple[str, ...]
    places: tuple[str, ...]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether the exception was made for this finding."""
        return (
            finding.scanner == self.scanner
            and finding.rule in self.rules
            and any(fnmatchcase(finding.place, place) for place in self.places)
        )

    def unused(self, findings: Sequence[Finding]) -> list[str]:
        """Those of its rules and places that no finding needs."""
        covered = [finding for finding in findings if self.covers(finding)]
        rules = [rule for rule in self.rules if all(finding.rule != rule for finding in covered)]
        places = [place for place in self.places if not any(fnmatchcase(finding.place, place) for finding in covered)]
        return [*rules, *places]


@dataclass(frozen=True)
class Verdict:
    """What is to be done about the scans' reports.

    Attributes:
        open: Findings without an exception.
        stale: Exceptions, or parts of them, without a finding.
        failures: Scans that came to nothing.
        gaps: What was not looked at.
    """

    open: tuple[Finding, ...]
    stale: tuple[str, ...]
    failures: tuple[str, ...]
    gaps: tuple[str, ...]

    def passes(self, *, gaps_allowed: bool) -> bool:
        """Whether nothing is to be done."""
        return not (self.open or self.stale or self.failures or (self.gaps and not gaps_allowed))


def read_exemptions(file: Path) -> list[Exemption]:
    """The exceptions that a TOML file lists.

    Raises:
        ValueError: One has no reason, or a field is missing, empty or unknown.
    """
    allowances = []
    for entry in tomllib.loads(file.read_text(encoding="utf-8")).get("exception", []):
        if entry.keys() != {"scanner", "rules", "places", "reason"} or not all(entry.values()):
            raise ValueError(f"an exception needs scanner, rules, places and reason: {entry}")
        rules, places = tuple(entry["rules"]), tuple(entry["places"])
        allowances.append(Exemption(entry["scanner"], rules, places, entry["reason"]))
    return allowances


def evaluate(reports: Iterable[Report], allowances: Sequence[Exemption]) -> Verdict:
    """Hold the reports against the exceptions."""
    reports = list(reports)
    findings = [finding for report in reports for finding in report.findings]
    uncertain = {report.scanner for report in reports if report.gap or report.failure}
    return Verdict(
        open=tuple(
            sorted(finding for finding in findings if not any(allowance.covers(finding) for allowance in allowances))
        ),
        stale=tuple(
            f"{allowance.scanner} {', '.join(allowance.rules)}: nothing is found any more for {unused}"
            for allowance in allowances
            if allowance.scanner not in uncertain  # what it is for may be where nobody looked
            for unused in allowance.unused(findings)
        ),
        failures=tuple(f"{report.scanner}: {report.failure}" for report in reports if report.failure),
        gaps=tuple(f"{report.scanner}: {report.scope}: {report.gap}" for report in reports if report.gap),
    )
