"""What has to be true before a release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from semver import Version

from tools.release import changelog
from tools.release.errors import ReleaseError
from tools.release.repository import BRANCH, REMOTE, Repository, tag_of

if TYPE_CHECKING:
    from tools.upgrade.release import Release


def check(repository: Repository, version: str, last_release: Release) -> None:
    """Check everything that takes no time.

    Raises:
        ReleaseError: With every reason why ``version`` cannot be released.
    """
    problems = [*_working_tree(repository), *_version(repository, version, last_release)]
    text = (repository.folder / "CHANGELOG.md").read_text(encoding="utf-8")
    if not changelog.has_entries(changelog.section(text, "Unreleased")):
        problems.append("CHANGELOG.md has no entries under Unreleased")
    if not repository.has_commit(last_release.commit):
        problems.append(f"this clone lacks the commit of {last_release.version}; run `git fetch --unshallow`")
    if problems:
        raise ReleaseError(problems, "nothing was changed")


def _working_tree(repository: Repository) -> Iterator[str]:
    if repository.git("status", "--porcelain"):
        yield "there are changes that are not committed"
    branch = repository.git("rev-parse", "--abbrev-ref", "HEAD")
    if branch != BRANCH:
        yield f"the current branch is {branch}, not {BRANCH}"
    published = (repository.remote_references or {}).get(f"refs/heads/{BRANCH}")
    if published and not repository.holds("merge-base", "--is-ancestor", published, "HEAD"):
        yield f"{REMOTE} has commits that this clone lacks; run `git pull`"


def _version(repository: Repository, version: str, last_release: Release) -> Iterator[str]:
    if not Version.is_valid(version):
        yield f"{version!r} is no SemVer version, such as {Version.parse(last_release.version).bump_minor()}"
        return
    parsed = Version.parse(version)
    if parsed.build:
        yield f"{version} has build metadata, which does not make a version higher"
    if tag_of(version) in repository.tags():
        yield f"the tag {tag_of(version)} exists"
    text = (repository.folder / "CHANGELOG.md").read_text(encoding="utf-8")
    released = [Version.parse(last_release.version), *changelog.versions(text), *repository.tagged_versions()]
    if parsed <= max(released):
        yield f"{version} is not higher than the last version, {max(released)}"
