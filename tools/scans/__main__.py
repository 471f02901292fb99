"""Runs all security scans and prints the results: `make check-security`.

python -m tools.scans

Fails on findings without an exception in tools/scans/exceptions.toml, on exceptions without a finding, and on scans
that failed. Skipped checks are listed; they are failures only with `INSTALLHUB_SCANS=required`.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tools.scans.findings import Exemption, Report, Verdict, evaluate, read_exemptions
from tools.scans.scanners import Scan, scans

EXCEPTIONS: Final = Path(__file__).with_name("exceptions.toml")
_PARALLEL: Final = 2


def format_table(reports: list[Report], exemptions: list[Exemption]) -> Table:
    """The reports as a table, one row each."""
    table = Table("scanner", "scope", "findings", "excepted", "result", box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
    for report in reports:
        excepted = sum(any(exemption.covers(finding) for exemption in exemptions) for finding in report.findings)
        table.add_row(report.scanner, report.scope, str(len(report.findings)), str(excepted), _result(report, excepted))
    return table


def _result(report: Report, excepted: int) -> str:
    if report.failure:
        return "FAILED"
    if len(report.findings) > excepted:
        return "FINDINGS"
    return "not audited" if report.gap else "clean"


def format_lines(verdict: Verdict) -> list[str]:
    """Everything that needs attention, one line each."""
    return [
        *(f"finding  {item.scanner} {item.rule}  {item.place}  {item.detail}" for item in verdict.open),
        *(f"stale    {text}" for text in verdict.stale),
        *(f"failed   {text}" for text in verdict.failures),
        *(f"skipped  {text}" for text in verdict.gaps),
    ]


def main() -> int:
    """Run the command."""
    exemptions = read_exemptions(EXCEPTIONS)
    with ThreadPoolExecutor(_PARALLEL) as pool:
        reports = list(pool.map(Scan.run, scans()))
    verdict = evaluate(reports, exemptions)
    console = Console(width=120, soft_wrap=True, highlight=False)
    console.print(format_table(reports, exemptions))
    console.print()
    for line in format_lines(verdict):
        console.print(line, markup=False)
    is_required = os.environ.get("INSTALLHUB_SCANS") == "required"
    return 0 if verdict.passes(gaps_allowed=not is_required) else 1


if __name__ == "__main__":
    sys.exit(main())
