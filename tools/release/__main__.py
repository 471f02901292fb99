"""Makes a release, or builds the artifacts of the current commit: `make release` and `make dist`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from local.console import stderr, stdout
from tools.project import PROJECT
from tools.release.artifacts import PACKAGED, SUMS, Builder, find_compiler
from tools.release.errors import ReleaseError
from tools.release.process import NOTES, Process, Target, generate, run_checks
from tools.release.repository import BRANCH, REMOTE, Repository, tag_of
from tools.upgrade.release import last_release


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parse_options(arguments)
    try:
        builder = Builder(options.compiler or find_compiler(), options.architecture)
        process = Process(
            Repository(PROJECT), builder, Target(options.bucket, options.source_url), run_checks, generate
        )
        if options.command == "dist":
            folder = process.build()
        else:
            folder = process.release(
                options.version, datetime.now(UTC).date().isoformat(), last_release(), dry_run=options.dry_run
            )
    except ReleaseError as error:
        for problem in error.problems:
            stderr.print(f"error: {problem}", markup=False, soft_wrap=True)
        if error.hint:
            stderr.print(f"       {error.hint}", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        stderr.print(
            "Interrupted. Run the same command again: it starts over, or continues if the version is committed."
        )
        return 130
    _report(folder)
    if options.command == "release":
        _explain_next_steps(options.version, folder, dry_run=options.dry_run)
    return 0


def _report(folder: Path) -> None:
    stdout.print((folder / SUMS).read_text(encoding="utf-8"), end="", markup=False, soft_wrap=True)
    stderr.print(f"The artifacts are in {os.path.relpath(folder, PROJECT)}.")


def _explain_next_steps(version: str, folder: Path, *, dry_run: bool) -> None:
    if dry_run:
        stderr.print(f"Dry run: {version} is neither committed nor tagged.\n")
        stderr.print((folder / NOTES).read_text(encoding="utf-8"), markup=False, soft_wrap=True)
        return
    stderr.print(f"{version} is committed and tagged in this clone. To publish it:")
    stderr.print(f"  git push --atomic {REMOTE} {BRANCH} {tag_of(version)}")
    if (folder / PACKAGED).exists():
        stderr.print(f"  sam publish --template {os.path.relpath(folder / PACKAGED, PROJECT)}")


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    release, dist = commands.add_parser("release"), commands.add_parser("dist")
    release.add_argument("--version", required=True, help="the new version")
    release.add_argument("--dry-run", action="store_true", help="do everything except committing and tagging")
    for command in (release, dist):
        command.add_argument("--bucket", default="", help="upload the artifacts to this S3 bucket")
        command.add_argument("--source-url", default="", help="the project's address, for sam publish")
        command.add_argument("--compiler", default=os.environ.get("INSTALLHUB_COMPILER", ""))
        command.add_argument("--architecture", default=os.environ.get("INSTALLHUB_ARCHITECTURE") or "arm64")
    options = parser.parse_args(arguments)
    if options.source_url and not options.bucket:
        parser.error("SOURCE_URL is written into the packaged template, so it needs a BUCKET")
    return options


if __name__ == "__main__":
    sys.exit(main())
