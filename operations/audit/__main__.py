"""Looks for whatever breaks a promise of the product in a deployed stack: `python -m operations.audit --help`."""

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
    """Run the command. 0: nothing found, 1: findings, 2: it could not look."""
    options = _parse_options(arguments)
    try:
        found = deployment.find(options.stack)
        report = _audit(found, dt.timedelta(seconds=options.grace))
    except LocalStackError as error:
        report_error(error)
        return FAILED
    except (BotoCoreError, ClientError) as error:
        report_error(LocalStackError(f"AWS refused: {error}", "reading tables and buckets must be allowed"))
        return FAILED
    if options.json:
        stdout.print_json(
            json.dumps({"lookedAt": report.checked, "findings": [asdict(finding) for finding in report.findings]})
        )
    else:
        _print_report(found, report)
    return FINDINGS if report.findings else CLEAN


def _audit(found: Deployment, grace: dt.timedelta) -> Report:
    with stderr.status("Looking ...") as status:
        seen = itertools.count(1)

        def progress() -> None:
            if (number := next(seen)) % _PROGRESS_INTERVAL == 0:
                status.update(f"Looked at {number:,} packages and artifacts ...")

        return audit(found.dynamodb, found.s3, found.outputs, grace=grace, progress=progress)


def _print_report(found: Deployment, report: Report) -> None:
    if report.findings:
        table = Table("what", "where", "why", title=f"Findings in {found.name}", title_justify="left")
        for finding in report.findings:
            table.add_row(Text(finding.kind.value, "red"), Text(finding.location), Text(finding.detail))
        stdout.print(table)
    looked = ", ".join(f"{count:,} {name}" for name, count in sorted(report.checked.items()) if count)
    stdout.print(
        f"{len(report.findings)} findings; looked at {looked or 'nothing: the stack is empty'}.", soft_wrap=True
    )


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    kinds = ", ".join(kind.value for kind in FindingKind)
    parser = argparse.ArgumentParser(
        prog="make audit",
        description="Read all tables and buckets of a stack and report what breaks a promise of the product. "
        "It changes nothing. Exit status 1: something was found; 2: it could not look.",
        epilog=f"It may find: {kinds}. docs/reliability.md says what each means.",
    )
    deployment.add_stack_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--grace",
        type=float,
        default=GRACE.total_seconds(),
        metavar="SECONDS",
        help="how old a definition's object without an artifact must be to count; default %(default)s",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
