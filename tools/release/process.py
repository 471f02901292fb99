"""The steps of a release.

A version is prepared in a separate checkout: edited, committed, built and uploaded there. The clone itself is changed
by the last three steps only, which take no time: the artifacts are moved into place, the branch is moved forward, the
tag is created. An interruption before them leaves nothing behind; after one of them, the same command continues.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from local.console import stderr, step
from tools.project import version_of
from tools.release import artifacts, changelog, edits, preflight
from tools.release.errors import ReleaseError
from tools.release.repository import Repository, subject_of, tag_of
from tools.upgrade.release import Release

CHECKS: Final = (
    *("lint", "types", "check-architecture", "check-generated", "check-docs", "check-template", "check-upgrade"),
    *("check-security", "test-unit"),
)
GENERATORS: Final = ("tools.template", "tools.openapi", "tools.event_schemas", "tools.docs_check")
"""Modules that bring generated files up to date, and the check of what the release has edited."""

NOTES: Final = "notes.md"
"""The version's changes, for its announcement."""


class Builder(Protocol):
    """Builds artifacts, such as :class:`~tools.release.artifacts.Builder`."""

    def compiler_version(self) -> str:
        """Check that the build can run."""

    def build(self, checkout: Path, version: str, commit: str, folder: Path) -> None:
        """Build a commit into a folder."""


@dataclass(frozen=True)
class Target:
    """Where artifacts are uploaded.

    Attributes:
        bucket: The bucket; empty for none.
        source_url: The project's address for the Serverless Application Repository; may be empty.
    """

    bucket: str = ""
    source_url: str = ""


@dataclass(frozen=True)
class Process:
    """Makes releases.

    Attributes:
        repository: The clone.
        builder: Builds the artifacts.
        target: Where they are uploaded.
        run_checks: Runs the checks of the clone.
        generate: Brings the generated files of a checkout up to date.
    """

    repository: Repository
    builder: Builder
    target: Target
    run_checks: Callable[[Path], None]
    generate: Callable[[Path], None]

    @property
    def artifacts(self) -> Path:
        """The folder with the artifacts of all versions."""
        return self.repository.folder / "dist"

    @property
    def scratch(self) -> Path:
        """The folder of everything that is not finished."""
        return self.repository.folder / ".local" / "release"

    def release(self, version: str, date: str, last: Release, *, dry_run: bool = False) -> Path:
        """Release a version, or continue an interrupted release of it; returns the folder of its artifacts.

        With ``dry_run``, everything is done except the last steps, and the clone stays as it is.

        Raises:
            ReleaseError: It was not released; the clone is unchanged, unless the error says otherwise.
        """
        committed = self.repository.release_commit(version)
        if committed and not dry_run and tag_of(version) not in self.repository.tags():
            return self._continue(version, committed)
        preflight.check(self.repository, version, last)
        self.builder.compiler_version()
        self.run_checks(self.repository.folder)
        with self.repository.checkout(self.scratch / "checkout", self.repository.head) as checkout:
            with step(f"Writing and committing {version}"):
                edits.write_version(checkout.folder, version, date)
                self.generate(checkout.folder)
                released = checkout.commit(f"{subject_of(version)}\n\n{_changes(checkout.folder, version)}")
            built = self._build(checkout, version, released)
            edits.write_last_release(checkout.folder, version, released)
            prepared = checkout.commit(f"Upgrades are checked from {version}")
        if dry_run:
            return built
        finished = self._keep(built, version)
        self.repository.git("merge", "--quiet", "--ff-only", prepared)
        self._tag(version, released)
        return finished

    def build(self) -> Path:
        """Build the current commit; returns the folder of its artifacts.

        Raises:
            ReleaseError: The build failed.
        """
        self.builder.compiler_version()
        commit = self.repository.head
        with self.repository.checkout(self.scratch / "checkout", commit) as checkout:
            version = version_of(checkout.folder)
            is_release = checkout.git("log", "-1", "--format=%s") == subject_of(version)
            name = version if is_release else f"{version}+{commit[:12]}"
            return self._keep(self._build(checkout, name, commit), name)

    def _continue(self, version: str, commit: str) -> Path:
        stderr.print(f"{version} is committed ({commit[:12]}); only its tag is missing.")
        finished = self.artifacts / version
        if artifacts.is_build_of(finished, commit):
            self._upload(finished, version)
        else:
            with self.repository.checkout(self.scratch / "checkout", commit) as checkout:
                finished = self._keep(self._build(checkout, version, commit), version)
        self._tag(version, commit)
        return finished

    def _build(self, checkout: Repository, version: str, commit: str) -> Path:
        built = self.scratch / "dist"
        with step(f"Building {version}") as building:
            self.builder.build(checkout.folder, version, commit, built)
            building.note = commit[:12]
        if notes := _changes(checkout.folder, version):
            (built / NOTES).write_text(f"{notes}\n", encoding="utf-8")
        self._upload(built, version)
        return built

    def _upload(self, built: Path, version: str) -> None:
        if self.target.bucket:
            prefix = f"installhub/{version.replace('+', '-')}"  # a plus sign in a URL may be read as a space
            with step(f"Uploading to {self.target.bucket}"):
                artifacts.package(built, self.target.bucket, prefix, self.target.source_url)

    def _keep(self, built: Path, version: str) -> Path:
        finished = self.artifacts / version
        shutil.rmtree(finished, ignore_errors=True)
        finished.parent.mkdir(exist_ok=True)
        return built.rename(finished)

    def _tag(self, version: str, commit: str) -> None:
        try:
            self.repository.git("tag", "--annotate", f"--message={subject_of(version)}", tag_of(version), commit)
        except ReleaseError as error:
            hint = f"{version} is committed and built; the same command continues with the tag"
            raise ReleaseError(error.problems, hint) from error


def _changes(folder: Path, version: str) -> str:
    return changelog.section((folder / "CHANGELOG.md").read_text(encoding="utf-8"), version)


def run_checks(folder: Path) -> None:
    """Run the checks with make, and show what runs.

    Raises:
        ReleaseError: One failed.
    """
    stderr.print(f"make {' '.join(CHECKS)}", soft_wrap=True)
    if subprocess.run(["make", *CHECKS], cwd=folder, check=False).returncode:  # noqa: S603, S607  # fixed command
        raise ReleaseError(["a check failed, see above"], "nothing was changed")


def generate(folder: Path) -> None:
    """Bring the generated files of a checkout up to date, with the checkout's own code.

    Raises:
        ReleaseError: They cannot be generated.
    """
    source = folder / "layers" / "installhub" / "src"
    for module in GENERATORS:
        completed = subprocess.run(  # noqa: S603  # our own modules
            [sys.executable, "-m", module],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if completed.returncode != 0:
            raise ReleaseError([f"{module} failed: {completed.stdout}{completed.stderr}"], "nothing was changed")
