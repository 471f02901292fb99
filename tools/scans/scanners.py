"""The scanners: how each is called, and what its report says."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.scans.judging import Finding, Report

PROJECT: Final = Path(__file__).parents[2]
PROGRAMS: Final = Path(".tools", "audit", "bin")
SHIPPED: Final = "layers/installhub/requirements.txt"
TEMPLATE: Final = "template.yaml"
CODE: Final = ("layers", "functions", "operations", "local", "tools")

# Lists of hashes, written by `make lock`, and pictures.
_EXCLUDED_FROM_SECRETS: Final = r"requirements[^/]*\.txt$|requirements/[^/]+\.txt$|\.png$"
_UNREACHABLE: Final = re.compile(r"\w*(Connection|Timeout|NameResolution|Service)\w*Error")


class ScanFailedError(Exception):
    """A scan that came to nothing. That it found nothing says nothing then."""


@dataclass(frozen=True)
class Scan:
    """One call of a scanner.

    Attributes:
        scanner: The program.
        arguments: What it is called with.
        read: Makes a report of its JSON.
        subject: What it looks at, where that is not in its JSON.
    """

    scanner: str
    arguments: tuple[str, ...]
    read: Callable[[Any, str], Report]
    subject: str = ""

    def run(self) -> Report:
        """Call the scanner and read what it says."""
        done = subprocess.run(  # noqa: S603  # our own command
            [PROGRAMS / self.scanner, *self.arguments], cwd=PROJECT, capture_output=True, text=True, check=False
        )
        try:
            return self.read(_parse_json(done.stdout, done.stderr), self.subject)
        except ScanFailedError as failure:
            if self.scanner == "pip-audit" and _UNREACHABLE.search(done.stderr):
                return Report(self.scanner, self.subject, gap="the vulnerability service cannot be reached")
            return Report(self.scanner, self.subject, failure=str(failure))


def tracked_files() -> list[str]:
    """The files that git knows."""
    command = ["git", "ls-files"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)  # noqa: S603  # as it stands
    return listed.stdout.splitlines()


def scans() -> list[Scan]:
    """Every scan, those that take long first."""
    lists = [SHIPPED, *sorted(str(path.relative_to(PROJECT)) for path in PROJECT.glob("requirements/*.txt"))]
    checkov = ("--file", TEMPLATE, "--framework", "cloudformation", "--skip-download", "--quiet", "-o", "json")
    secrets = ("scan", "--exclude-files", _EXCLUDED_FROM_SECRETS)
    everywhere = ("--disable-filter", "detect_secrets.filters.allowlist.is_line_allowlisted")
    return [
        Scan("checkov", checkov, read_checkov, TEMPLATE),
        Scan("detect-secrets", (*secrets, *everywhere), read_secrets, f"{len(tracked_files())} tracked files"),
        Scan("bandit", ("--recursive", *CODE, "--format", "json", "--quiet", "--ignore-nosec"), read_bandit),
        *(Scan("pip-audit", _audit_arguments(listing), read_audit, listing) for listing in lists),
    ]


def read_bandit(said: Any, _subject: str) -> Report:  # noqa: ANN401  # JSON
    """What bandit has against the code."""
    if said["errors"]:
        raise ScanFailedError(f"it could not read {said['errors'][0]['filename']}")
    lines = said["metrics"]["_totals"]["loc"]
    if not lines:
        raise ScanFailedError("it found no code")
    findings = (
        Finding("bandit", item["test_id"], item["filename"], f"line {item['line_number']}: {item['issue_text']}")
        for item in said["results"]
    )
    return Report("bandit", f"{lines:,} lines of code", tuple(findings))


def read_checkov(said: Any, subject: str) -> Report:  # noqa: ANN401  # JSON
    """What checkov has against the template. A check that a comment there skips counts as failed."""
    if not isinstance(said, dict) or not said.get("summary", {}).get("resource_count"):
        raise ScanFailedError("it found no resources")
    summary = said["summary"]
    if summary["parsing_errors"]:
        raise ScanFailedError("it could not read the template")
    results = said["results"]
    findings = (
        Finding("checkov", check["check_id"], check["resource"], check["check_name"])
        for check in [*results["failed_checks"], *results.get("skipped_checks", [])]
    )
    checks = summary["passed"] + summary["failed"] + summary["skipped"]
    return Report("checkov", f"{subject}: {checks} checks of {summary['resource_count']} resources", tuple(findings))


def read_secrets(said: Any, subject: str) -> Report:  # noqa: ANN401  # JSON
    """What looks like a secret to detect-secrets."""
    if subject.startswith("0 ") or not said["plugins_used"]:
        raise ScanFailedError("there is nothing to look at")
    findings = (
        Finding("detect-secrets", item["type"], file, f"line {item['line_number']}")
        for file, items in said["results"].items()
        for item in items
    )
    return Report("detect-secrets", subject, tuple(findings))


def read_audit(said: Any, subject: str) -> Report:  # noqa: ANN401  # JSON
    """Which packages of a list have known vulnerabilities, and of which nobody knows."""
    packages = said["dependencies"]
    if not packages:
        raise ScanFailedError(f"it found no packages in {subject}")
    findings = (
        Finding("pip-audit", flaw["id"], f"{subject}: {package['name']}", _fix(package, flaw))
        for package in packages
        for flaw in package.get("vulns", [])
    )
    unknown = sum("skip_reason" in package for package in packages)
    gap = f"the vulnerability service knows nothing of {unknown} of {len(packages)} packages" if unknown else ""
    return Report("pip-audit", f"{subject}: {len(packages)} packages", tuple(findings), gap)


def _audit_arguments(listing: str) -> tuple[str, ...]:
    return ("--requirement", listing, "--require-hashes", "--disable-pip", "-f", "json", "--progress-spinner", "off")


def _fix(package: dict[str, Any], flaw: dict[str, Any]) -> str:
    return f"{package['version']}; mended in {', '.join(flaw['fix_versions']) or 'no version'}"


def _parse_json(output: str, errors: str) -> Any:  # noqa: ANN401  # JSON
    try:
        return json.loads(output)
    except ValueError:
        last = (errors or output).strip().splitlines()[-1:]
        raise ScanFailedError(f"it gave no report: {''.join(last) or 'and said nothing'}") from None
