"""The command line of the auditor: `python -m operations.audit --help`."""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table
from rich.text import Text

from local.console import print_error as report_error
from local.console import stderr, stdout
from local.errors import LocalStackError
from operations import deployment
from operations.audit.artifacts import GRACE
from operations.audit.findings import FindingKind, Report
from operations.audit.stack import audit
from operations.deployment import Deployment

CLEAN, FINDINGS, FAILED = range(3)
_PROGRESS_INTERVAL = 25


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 without findings, 1 with findings, and 2 if the audit failed."""
    options = _parse_options(arguments)
    try:
        found = deployment.find(options.stack)
        report = _audit(found, dt.timedelta(seconds=options.grace))
    except LocalStackError as error:
        report_error(error)
        return FAILED
    except (BotoCoreError, ClientError) as error:
        report_error(
            LocalStackError(f"AWS returned an error: {error}", "the audit needs read access to the tables and buckets")
        )
        return FAILED
    if options.json:
        stdout.print_json(
            json.dumps({"checked": report.checked, "findings": [asdict(finding) for finding in report.findings]})
        )
    else:
        _print_report(found, report)
    return FINDINGS if report.findings else CLEAN


def _audit(found: Deployment, grace: dt.timedelta) -> Report:
    with stderr.status("Auditing ...") as status:
        counter = itertools.count(1)

        def progress() -> None:
            if (number := next(counter)) % _PROGRESS_INTERVAL == 0:
                status.update(f"Checked {number:,} packages and artifacts ...")

        return audit(found.dynamodb, found.s3, found.kms, found.outputs, grace=grace, progress=progress)


def _print_report(found: Deployment, report: Report) -> None:
    if report.findings:
        table = Table("finding", "location", "detail", title=f"Findings in {found.name}", title_justify="left")
        for finding in report.findings:
            table.add_row(Text(finding.kind.value, "red"), Text(finding.location), Text(finding.detail))
        stdout.print(table)
    checked = ", ".join(f"{count:,} {name}" for name, count in sorted(report.checked.items()) if count)
    stdout.print(
        f"{len(report.findings)} findings; checked {checked or 'nothing: the stack is empty'}.", soft_wrap=True
    )


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    kinds = ", ".join(kind.value for kind in FindingKind)
    parser = argparse.ArgumentParser(
        prog="make audit",
        description="Read all tables and buckets of a stack and report inconsistencies, without changing anything. "
        "Exit status 1: there are findings; 2: the audit failed.",
        epilog=f"Kinds of findings: {kinds}.",
    )
    deployment.add_stack_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--grace",
        type=float,
        default=GRACE.total_seconds(),
        metavar="SECONDS",
        help="minimum age of a definition object without an artifact, and of a package that is not indexed, to be "
        "reported (default %(default)s)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
