"""The security scans: parsing of reports, evaluation of exceptions, and gaps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from tools.scans import __main__ as command
from tools.scans import scanners
from tools.scans.findings import Exemption, Finding, Report, evaluate, read_exemptions
from tools.scans.scanners import (
    Scan,
    ScanFailedError,
    read_audit,
    read_bandit,
    read_checkov,
    read_secrets,
)

# Shortened reports of the scanners in requirements/audit.txt.
BANDIT: Final[dict[str, Any]] = {
    "errors": [],
    "metrics": {"_totals": {"loc": 9550, "SEVERITY.LOW": 1}},
    "results": [
        {
            "filename": "local/sam.py",
            "issue_severity": "LOW",
            "issue_text": "subprocess call - check for execution of untrusted input.",
            "line_number": 59,
            "test_id": "B603",
        }
    ],
}
_FAILED: Final = {
    "check_id": "CKV_AWS_76",
    "check_name": "Ensure API Gateway has Access Logging enabled",
    "check_result": {"result": "FAILED"},
    "file_path": "/template.yaml",
    "resource": "AWS::Serverless::Api.PackagesApi",
}
CHECKOV: Final[dict[str, Any]] = {
    "check_type": "cloudformation",
    "results": {"failed_checks": [_FAILED]},
    "summary": {"passed": 137, "failed": 1, "skipped": 0, "parsing_errors": 0, "resource_count": 63},
}
SECRETS: Final[dict[str, Any]] = {
    "plugins_used": [{"name": "AWSKeyDetector"}],
    "results": {
        "local/aws.py": [
            {"type": "Secret Keyword", "filename": "local/aws.py", "is_verified": False, "line_number": 33}
        ]
    },
}
_VULNERABILITY: Final = {"id": "PYSEC-2023-212", "fix_versions": ["1.26.18", "2.0.7"], "aliases": ["CVE-2023-45803"]}
AUDIT: Final[dict[str, Any]] = {
    "dependencies": [
        {"name": "urllib3", "version": "1.26.17", "vulns": [_VULNERABILITY]},
        {"name": "semver", "version": "3.0.4", "vulns": []},
        {"name": "boto3", "skip_reason": "Dependency not found on PyPI and could not be audited: boto3 (1.44.5)"},
    ],
    "fixes": [],
}

FINDING: Final = Finding("bandit", "B603", "local/sam.py", "line 59")
EXEMPTION: Final = Exemption("bandit", ("B603",), ("local/*",), "Our own commands.")


def report_of(*findings: Finding, gap: str = "", failure: str = "") -> Report:
    return Report("bandit", "some code", findings, gap, failure)


# ---------------------------------------------------------------------------------------------------- evaluation


def test_a_finding_without_an_exception_is_open() -> None:
    verdict = evaluate([report_of(FINDING)], [])
    assert verdict.open == (FINDING,)
    assert not verdict.passes(gaps_allowed=True)


def test_a_finding_with_an_exception_is_accepted() -> None:
    assert evaluate([report_of(FINDING)], [EXEMPTION]).passes(gaps_allowed=False)


@pytest.mark.parametrize(
    "other", [{"scanner": "checkov"}, {"rule": "B602"}, {"place": "layers/sam.py"}, {"place": "tools/local/sam.py"}]
)
def test_an_exception_applies_to_its_scanner_rules_and_places_only(other: dict[str, str]) -> None:
    other_finding = replace(FINDING, **other)
    assert evaluate([report_of(FINDING, other_finding)], [EXEMPTION]).open == (other_finding,)


def test_an_exception_without_findings_is_stale() -> None:
    verdict = evaluate([report_of()], [EXEMPTION])
    assert len(verdict.stale) == 2  # rule and place
    assert not verdict.passes(gaps_allowed=True)


@pytest.mark.parametrize(
    ("wider", "unused"),
    [
        (replace(EXEMPTION, rules=("B603", "B404")), "B404"),
        (replace(EXEMPTION, places=("local/*", "tools/*")), "tools/*"),
    ],
)
def test_a_part_of_an_exception_without_findings_is_stale(wider: Exemption, unused: str) -> None:
    (stale,) = evaluate([report_of(FINDING)], [wider]).stale
    assert stale.endswith(f"for {unused}")


def test_an_exception_is_not_stale_if_the_scan_had_a_gap() -> None:
    assert evaluate([report_of(gap="out of reach")], [EXEMPTION]).stale == ()


def test_a_gap_fails_only_where_scans_are_required() -> None:
    verdict = evaluate([report_of(gap="out of reach")], [])
    assert verdict.gaps == ("bandit: some code: out of reach",)
    assert verdict.passes(gaps_allowed=True)
    assert not verdict.passes(gaps_allowed=False)


def test_a_scan_that_failed_fails_the_run() -> None:
    assert not evaluate([report_of(failure="it crashed")], []).passes(gaps_allowed=True)


# --------------------------------------------------------------------------------------------------- exceptions


def test_the_projects_exceptions_are_read_and_have_reasons() -> None:
    exemptions = read_exemptions(command.EXCEPTIONS)
    assert {exemption.scanner for exemption in exemptions} <= {scan.scanner for scan in scanners.scans()}
    for exemption in exemptions:
        assert len(exemption.reason.split()) > 5


@pytest.mark.parametrize(
    "entry",
    [
        'scanner = "bandit"\nrules = ["B603"]\nplaces = ["*"]',
        'scanner = "bandit"\nrules = ["B603"]\nplaces = ["*"]\nreason = ""',
        'scanner = "bandit"\nrules = []\nplaces = ["*"]\nreason = "Because."',
        'scanner = "bandit"\nrules = ["B603"]\nplaces = ["*"]\nreason = "Because."\nuntil = "never"',
    ],
)
def test_an_incomplete_exception_is_refused(tmp_path: Path, entry: str) -> None:
    file = tmp_path / "exceptions.toml"
    file.write_text(f"[[exception]]\n{entry}\n")
    with pytest.raises(ValueError, match="an exception needs"):
        read_exemptions(file)


# ------------------------------------------------------------------------------------------------------ reports


def test_bandits_findings_are_read() -> None:
    report = read_bandit(BANDIT, "")
    assert report.scope == "9,550 lines of code"
    (finding,) = report.findings
    assert (finding.rule, finding.place) == ("B603", "local/sam.py")
    assert finding.detail.startswith("line 59: ")


def test_checkovs_findings_are_read() -> None:
    report = read_checkov(CHECKOV, "template.yaml")
    assert report.scope == "template.yaml: 138 checks of 63 resources"
    (finding,) = report.findings
    assert (finding.rule, finding.place) == ("CKV_AWS_76", "AWS::Serverless::Api.PackagesApi")


def test_a_check_that_the_template_skips_is_a_finding() -> None:
    results = {"failed_checks": [], "skipped_checks": [_FAILED]}
    assert len(read_checkov({**CHECKOV, "results": results}, "template.yaml").findings) == 1


def test_possible_secrets_are_read() -> None:
    (finding,) = read_secrets(SECRETS, "365 tracked files").findings
    assert (finding.rule, finding.place, finding.detail) == ("Secret Keyword", "local/aws.py", "line 33")


def test_known_vulnerabilities_are_read() -> None:
    (finding,) = read_audit(AUDIT, "some.txt").findings
    assert (finding.rule, finding.place) == ("PYSEC-2023-212", "some.txt: urllib3")
    assert finding.detail == "1.26.17; fixed in 1.26.18, 2.0.7"


def test_a_package_unknown_to_the_service_is_not_clean() -> None:
    assert read_audit(AUDIT, "some.txt").gap == "1 of 3 packages are unknown to the vulnerability service"
    known = {"dependencies": AUDIT["dependencies"][:2]}
    assert read_audit(known, "some.txt").gap == ""


@pytest.mark.parametrize(
    ("read", "report"),
    [
        (read_bandit, {**BANDIT, "errors": [{"filename": "local/sam.py", "reason": "syntax error"}]}),
        (read_bandit, {**BANDIT, "metrics": {"_totals": {"loc": 0}}}),
        (read_checkov, {"passed": 0, "failed": 0, "resource_count": 0}),  # for a file that is not a template
        (read_checkov, []),
        (read_checkov, {**CHECKOV, "summary": {**CHECKOV["summary"], "parsing_errors": 1}}),
        (read_secrets, {**SECRETS, "plugins_used": []}),
        (read_audit, {"dependencies": [], "fixes": []}),
    ],
)
def test_a_scan_without_content_is_a_failure(read: Any, report: Any) -> None:  # noqa: ANN401  # any reader and JSON
    with pytest.raises(ScanFailedError):
        read(report, "365 tracked files")


def test_no_tracked_files_means_no_scan() -> None:
    with pytest.raises(ScanFailedError):
        read_secrets(SECRETS, "0 tracked files")


# ---------------------------------------------------------------------------------------------------- programs


def scan_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, scanner: str = "pip-audit") -> Report:
    """Return the report of a scan whose scanner is a shell script."""
    program = tmp_path / scanner
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(scanners, "PROGRAMS", tmp_path)
    return Scan(scanner, (), read_audit, "some.txt").run()


def test_a_report_is_read_regardless_of_the_exit_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = scan_by(tmp_path, monkeypatch, f"echo '{json.dumps(AUDIT)}'; exit 1")
    assert len(report.findings) == 1
    assert report.failure == ""


def test_an_unreachable_service_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = scan_by(tmp_path, monkeypatch, "echo 'requests.exceptions.ConnectionError: no route' >&2; exit 1")
    assert (report.gap, report.failure) == ("the vulnerability service cannot be reached", "")


@pytest.mark.parametrize("script", ["echo 'usage: no such option' >&2; exit 2", "exit 0", "echo 'no JSON'"])
def test_a_scan_without_a_report_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    report = scan_by(tmp_path, monkeypatch, script)
    assert report.failure.startswith("it produced no report")
    assert not report.gap


def test_only_the_audit_of_packages_needs_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = scan_by(tmp_path, monkeypatch, "echo 'ConnectionError' >&2; exit 1", scanner="bandit")
    assert report.failure


def test_every_list_of_packages_is_audited() -> None:
    lists = {path for path in scanners.tracked_files() if "requirements" in path and path.endswith(".txt")}
    assert {scan.subject for scan in scanners.scans() if scan.scanner == "pip-audit"} == lists


def test_the_table_shows_not_audited_instead_of_clean() -> None:
    reports = [report_of(gap="out of reach"), report_of(), report_of(FINDING), report_of(failure="crashed")]
    results = list(command.format_table(reports, []).columns[-1].cells)
    assert results == ["not audited", "clean", "FINDINGS", "FAILED"]
    assert list(command.format_table([report_of(FINDING)], [EXEMPTION]).columns[-1].cells) == ["clean"]
