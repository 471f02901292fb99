"""The git repository: what a release reads from it and records in it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from semver import Version

from tools.release.errors import ReleaseError

BRANCH: Final = "main"
REMOTE: Final = "origin"


def tag_of(version: str) -> str:
    """The tag of a version."""
    return f"v{version}"


def subject_of(version: str) -> str:
    """The subject of a version's commit, by which a release that was interrupted is recognized."""
    return f"Release {version}"


@dataclass(frozen=True)
class Repository:
    """A clone of the repository.

    Attributes:
        folder: Its working tree.
    """

    folder: Path

    def git(self, *arguments: str | Path) -> str:
        """Run git and return its output.

        Raises:
            ReleaseError: It failed.
        """
        completed = subprocess.run(  # noqa: S603  # our own commands
            ["git", *arguments],  # noqa: S607
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if completed.returncode != 0:
            raise ReleaseError([f"`git {arguments[0]}` failed: {completed.stderr.strip()}"])
        return completed.stdout.strip()

    def holds(self, *arguments: str) -> bool:
        """Whether a git command that answers a question by its exit status says yes."""
        try:
            self.git(*arguments)
        except ReleaseError:
            return False
        return True

    @property
    def head(self) -> str:
        """The current commit."""
        return self.git("rev-parse", "HEAD")

    def has_commit(self, commit: str) -> bool:
        """Whether this clone has a commit."""
        return self.holds("cat-file", "-e", f"{commit}^{{commit}}")

    def release_commit(self, version: str) -> str | None:
        """The commit of a version in the history of the current one; None if it was not released."""
        log = self.git("log", "--format=%H %s", "--fixed-strings", f"--grep={subject_of(version)}")
        commits = [
            commit
            for commit, _, subject in (line.partition(" ") for line in log.splitlines())
            if subject == subject_of(version)
        ]
        return commits[0] if commits else None

    @cached_property
    def remote_references(self) -> dict[str, str] | None:
        """Commits of the remote repository's branch and tags by name; None if this clone has no remote.

        The tags of a clone are not reliable: shallow clones, for instance, have none.

        Raises:
            ReleaseError: It cannot be reached.
        """
        if REMOTE not in self.git("remote").split():
            return None
        listed = self.git("ls-remote", REMOTE, f"refs/heads/{BRANCH}", "refs/tags/*")
        lines = (line.split("\t") for line in listed.splitlines())
        return {name: commit for commit, name in lines if not name.endswith("^{}")}

    def tags(self) -> set[str]:
        """The tags of this clone and of its remote."""
        remote = self.remote_references or {}
        return {*self.git("tag").split(), *(name.removeprefix("refs/tags/") for name in remote if "/tags/" in name)}

    def tagged_versions(self) -> Iterator[Version]:
        """Yield the versions that have tags."""
        for tag in self.tags():
            if tag.startswith("v") and Version.is_valid(tag[1:]):
                yield Version.parse(tag[1:])

    @contextmanager
    def checkout(self, folder: Path, commit: str) -> Iterator[Repository]:
        """A separate working tree with a commit, so that this one stays as it is. It is removed afterwards."""
        self._remove(folder)
        self.git("worktree", "add", "--quiet", "--detach", folder, commit)
        try:
            yield Repository(folder)
        finally:
            self._remove(folder)

    def _remove(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.git("worktree", "prune")

    def commit(self, message: str) -> str:
        """Commit everything and return the commit. Hooks do not run: they check less than the release has."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", f"--message={message}")
        return self.head
