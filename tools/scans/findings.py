"""Findings of the scans, and their comparison with the exceptions."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path


@dataclass(frozen=True, order=True)
class Finding:
    """A finding of a scanner.

    Attributes:
        scanner: The scanner's name.
        rule: The id of the scanner's rule.
        place: A file, a resource of the template, or a package of a requirements file.
        detail: A description, with the line number.
    """

    scanner: str
    rule: str
    place: str
    detail: str


@dataclass(frozen=True)
class Report:
    """The result of a scan.

    Attributes:
        scanner: The scanner's name.
        scope: What was scanned, and how much of it.
        findings: All findings.
        gap: Why part of the scope could not be scanned; empty if everything was.
        failure: Why the scan failed; empty if it did not.
    """

    scanner: str
    scope: str
    findings: tuple[Finding, ...] = ()
    gap: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Exemption:
    """An exception in exceptions.toml: findings that are accepted.

    Attributes:
        scanner: The scanner of the findings.
        rules: The rules of the findings.
        places: Patterns of their places.
        reason: Why they are accepted.
    """

    scanner: str
    rules: tuple[str, ...]
    places: tuple[str, ...]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether the exception applies to this finding."""
        return (
            finding.scanner == self.scanner
            and finding.rule in self.rules
            and any(fnmatchcase(finding.place, place) for place in self.places)
        )

    def unused(self, findings: Sequence[Finding]) -> list[str]:
        """The rules and places that match no finding."""
        covered = [finding for finding in findings if self.covers(finding)]
        rules = [rule for rule in self.rules if all(finding.rule != rule for finding in covered)]
        places = [place for place in self.places if not any(fnmatchcase(finding.place, place) for finding in covered)]
        return [*rules, *places]


@dataclass(frozen=True)
class Verdict:
    """The overall result of all scans.

    Attributes:
        open: Findings without an exception.
        stale: Exceptions, or parts of them, that match no finding.
        failures: Failed scans.
        gaps: What could not be scanned.
    """

    open: tuple[Finding, ...]
    stale: tuple[str, ...]
    failures: tuple[str, ...]
    gaps: tuple[str, ...]

    def passes(self, *, gaps_allowed: bool) -> bool:
        """Whether the check passes."""
        return not (self.open or self.stale or self.failures or (self.gaps and not gaps_allowed))


def read_exemptions(file: Path) -> list[Exemption]:
    """The exceptions in a TOML file.

    Raises:
        ValueError: A field is missing, empty or unknown.
    """
    exemptions = []
    for entry in tomllib.loads(file.read_text(encoding="utf-8")).get("exception", []):
        if entry.keys() != {"scanner", "rules", "places", "reason"} or not all(entry.values()):
            raise ValueError(f"an exception needs scanner, rules, places and reason: {entry}")
        rules, places = tuple(entry["rules"]), tuple(entry["places"])
        exemptions.append(Exemption(entry["scanner"], rules, places, entry["reason"]))
    return exemptions


def evaluate(reports: Iterable[Report], exemptions: Sequence[Exemption]) -> Verdict:
    """Compare the reports with the exceptions."""
    reports = list(reports)
    findings = [finding for report in reports for finding in report.findings]
    uncertain = {report.scanner for report in reports if report.gap or report.failure}
    return Verdict(
        open=tuple(
            sorted(finding for finding in findings if not any(exemption.covers(finding) for exemption in exemptions))
        ),
        stale=tuple(
            f"{exemption.scanner} {', '.join(exemption.rules)}: no longer matches any finding for {unused}"
            for exemption in exemptions
            if exemption.scanner not in uncertain  # it may apply to what was not scanned
            for unused in exemption.unused(findings)
        ),
        failures=tuple(f"{report.scanner}: {report.failure}" for report in reports if report.failure),
        gaps=tuple(f"{report.scanner}: {report.scope}: {report.gap}" for report in reports if report.gap),
    )
