"""A release in a clone of a small repository with the project's files, with a build that writes one file."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tools.project import PROJECT
from tools.release import artifacts
from tools.release.__main__ import main
from tools.release.errors import ReleaseError
from tools.release.process import CHECKS, Process, Target
from tools.release.repository import Repository
from tools.upgrade.release import Release

CHANGES = """### Added

- Something new."""
CHANGELOG = f"""# Changelog

## Unreleased

{CHANGES}

## 0.1.0 - 2026-01-02

- The first one.
"""
FILES = {
    "CHANGELOG.md": CHANGELOG,
    "layers/installhub/pyproject.toml": '[project]\nname = "installhub"\nversion = "0.1.0"\n',
    "layers/installhub/src/installhub/model/hub.py": 'HUB_VERSION: Final = "0.1.0"\n',
    "docs/upgrading.md": "# Upgrading\n\n## From 0.1.0 to the next release\n\n- A new parameter.\n",
    "tools/upgrade/last_release.toml": 'version = "0.1.0"\ncommit = "unknown"\n',
    ".gitignore": ".local/\ndist/\n",
}


class Builder:
    """Writes the version into a file; fails the given number of times."""

    def __init__(self) -> None:
        self.failures = 0
        self.commits: list[str] = []

    def compiler_version(self) -> str:
        return "3.13.0"

    def build(self, checkout: Path, version: str, commit: str, folder: Path) -> None:
        if self.failures:
            self.failures -= 1
            raise ReleaseError(["the build failed"])
        self.commits.append(commit)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "code.zip").write_text((checkout / "layers/installhub/pyproject.toml").read_text())
        (folder / artifacts.BUILD).write_text(f'{{"commit": "{commit}", "version": "{version}"}}')
        artifacts.write_sums(folder)


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "init.defaultBranch=main", *arguments]
    completed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603
    return completed.stdout.strip()


@pytest.fixture(autouse=True)
def identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    git(tmp_path, "config", "--global", "user.name", "Somebody")
    git(tmp_path, "config", "--global", "user.email", "somebody@example.com")


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """The repository that clones have as their remote."""
    folder = tmp_path / "published"
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git(folder, "init", "--quiet")
    commit_all(folder, "Something new")
    return folder


@pytest.fixture
def clone(published: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(published), str(folder))
    return folder


@pytest.fixture
def process(clone: Path) -> Process:
    return Process(Repository(clone), Builder(), Target(), run_checks=lambda _: None, generate=lambda _: None)


def commit_all(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", message)


def release(process: Process, version: str = "0.2.0", *, dry_run: bool = False) -> Path:
    fresh = replace(process, repository=Repository(process.repository.folder))
    return fresh.release(version, "2026-03-04", last(process), dry_run=dry_run)


def last(process: Process) -> Release:
    return Release("0.1.0", git(process.repository.folder, "rev-list", "--max-parents=0", "HEAD"))


def problems(process: Process, version: str = "0.2.0") -> str:
    """Return why a version is not released, after checking that nothing has changed."""
    before = state(process)
    with pytest.raises(ReleaseError) as caught:
        release(process, version)
    assert state(process) == before
    return "; ".join(caught.value.problems)


def state(process: Process) -> tuple[str, ...]:
    folder = process.repository.folder
    return (
        git(folder, "rev-parse", "HEAD"),
        git(folder, "tag"),
        git(folder, "status", "--porcelain"),
        git(folder, "worktree", "list"),
        str((folder / "dist").exists()),
    )


def test_a_release_is_a_commit_with_its_tag_and_artifacts(process: Process, clone: Path) -> None:
    folder = release(process)

    tagged = git(clone, "rev-parse", "v0.2.0^{commit}")
    assert git(clone, "cat-file", "-t", "v0.2.0") == "tag"
    assert git(clone, "log", "-1", "--format=%B", "v0.2.0^{commit}").split("\n\n", 1) == ["Release 0.2.0", CHANGES]
    assert artifacts.is_build_of(folder, tagged)
    assert (folder / "notes.md").read_text() == f"{CHANGES}\n"
    assert 'version = "0.2.0"' in (folder / "code.zip").read_text(), "the release commit was built"


def test_the_files_of_a_release(process: Process, clone: Path) -> None:
    release(process)

    assert (clone / "CHANGELOG.md").read_text() == CHANGELOG.replace(
        "## Unreleased\n", "## Unreleased\n\n## 0.2.0 - 2026-03-04\n"
    )
    assert 'version = "0.2.0"' in (clone / "layers/installhub/pyproject.toml").read_text()
    assert (clone / "layers/installhub/src/installhub/model/hub.py").read_text() == 'HUB_VERSION: Final = "0.2.0"\n'
    assert "## From 0.1.0 to 0.2.0\n" in (clone / "docs/upgrading.md").read_text()
    assert git(clone, "status", "--porcelain") == ""


def test_the_release_is_checked_against_the_one_before_and_what_follows_against_it(
    process: Process, clone: Path
) -> None:
    release(process)

    recorded = "tools/upgrade/last_release.toml"
    assert 'version = "0.1.0"' in git(clone, "show", f"v0.2.0:{recorded}")
    tagged = git(clone, "rev-parse", "v0.2.0^{commit}")
    assert (clone / recorded).read_text() == f'version = "0.2.0"\ncommit = "{tagged}"\n'


def test_a_dry_run_builds_everything_and_changes_nothing(process: Process, clone: Path) -> None:
    before = state(process)

    folder = release(process, dry_run=True)

    assert state(process) == before
    assert 'version = "0.2.0"' in (folder / "code.zip").read_text()
    assert (folder / "notes.md").read_text() == f"{CHANGES}\n"
    assert clone in folder.parents


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        ("0.1.0", "0.1.0 is not higher than the last version, 0.1.0"),
        ("0.0.9", "0.0.9 is not higher"),
        ("0.1.0-rc.1", "0.1.0-rc.1 is not higher"),
        ("v0.2.0", "'v0.2.0' is no SemVer version, such as 0.2.0"),
        ("0.2", "'0.2' is no SemVer version"),
        ("", "'' is no SemVer version"),
        ("0.2.0+1", "has build metadata"),
    ],
)
def test_a_version_must_be_semver_and_higher_than_the_last(process: Process, version: str, problem: str) -> None:
    assert problem in problems(process, version)


@pytest.mark.parametrize("version", ["0.1.1", "0.2.0-rc.1", "1.0.0", "0.10.0"])
def test_any_higher_version_can_be_released(process: Process, version: str) -> None:
    assert release(process, version).name == version


def test_every_reason_is_listed_at_once(process: Process, clone: Path) -> None:
    git(clone, "checkout", "--quiet", "-b", "feature")
    (clone / "CHANGELOG.md").write_text(CHANGELOG.replace("- Something new.", ""))

    found = problems(process, "0.0.1")

    for problem in ("not committed", "is feature, not main", "is not higher", "no entries under Unreleased"):
        assert problem in found


def test_a_tag_that_only_the_remote_has_is_found(process: Process, published: Path, clone: Path) -> None:
    git(published, "tag", "v0.3.0")

    assert git(clone, "tag") == ""
    assert "the tag v0.3.0 exists" in problems(process, "0.3.0")
    assert "not higher than the last version, 0.3.0" in problems(process, "0.2.0")


def test_commits_that_only_the_remote_has_are_found(process: Process, published: Path) -> None:
    (published / "new").write_text("x")
    commit_all(published, "Later")

    assert "origin has commits that this clone lacks" in problems(process)


def test_a_remote_that_cannot_be_reached_prevents_a_release(process: Process, clone: Path) -> None:
    git(clone, "remote", "set-url", "origin", "/nowhere")

    assert "`git ls-remote` failed" in problems(process)


def test_a_clone_without_the_last_release_cannot_check_upgrades(process: Process) -> None:
    absent = Release("0.1.0", "0" * 40)

    with pytest.raises(ReleaseError, match=r"lacks the commit of 0\.1\.0"):
        process.release("0.2.0", "2026-03-04", absent)


def _fail(_: Path) -> None:
    raise ReleaseError(["a check failed"])


def test_a_failed_check_changes_nothing(process: Process) -> None:
    assert "a check failed" in problems(replace(process, run_checks=_fail))
    assert "a check failed" in problems(replace(process, generate=_fail))


def test_after_a_failed_build_the_same_command_starts_over(process: Process) -> None:
    assert isinstance(process.builder, Builder)
    process.builder.failures = 1

    assert "the build failed" in problems(process)
    assert release(process).name == "0.2.0"


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_release_that_stopped_before_the_tag_continues_with_it(process: Process, clone: Path) -> None:
    git(clone, "config", "tag.gpgSign", "true")
    git(clone, "config", "gpg.program", "/bin/false")
    with pytest.raises(ReleaseError) as caught:
        release(process)
    assert "the same command continues with the tag" in caught.value.hint
    assert git(clone, "tag") == ""
    git(clone, "config", "tag.gpgSign", "false")
    head = git(clone, "rev-parse", "HEAD")

    folder = release(process)

    assert isinstance(process.builder, Builder)
    assert len(process.builder.commits) == 1, "the artifacts were complete"
    assert git(clone, "rev-parse", "HEAD") == head
    assert artifacts.is_build_of(folder, git(clone, "rev-parse", "v0.2.0^{commit}"))


def test_changed_artifacts_are_built_again_before_the_tag(process: Process, clone: Path) -> None:
    folder = release(process)
    git(clone, "tag", "-d", "v0.2.0")
    (folder / "code.zip").write_text("changed")

    release(process)

    assert artifacts.is_build_of(folder, git(clone, "rev-parse", "v0.2.0^{commit}"))


def test_a_published_release_cannot_be_made_again(process: Process, clone: Path) -> None:
    release(process)
    git(clone, "push", "--quiet", "--atomic", "origin", "v0.2.0")
    git(clone, "tag", "-d", "v0.2.0")

    assert "the tag v0.2.0 exists" in problems(process)


def test_an_interruption_leaves_no_checkout_behind(process: Process, clone: Path) -> None:
    before = state(process)
    with pytest.raises(KeyboardInterrupt):
        release(replace(process, generate=_interrupt))

    assert state(process) == before
    assert not (clone / ".local" / "release" / "checkout").exists()


def test_a_checkout_of_a_killed_release_is_replaced(process: Process, clone: Path) -> None:
    left = clone / ".local" / "release" / "checkout"
    git(clone, "worktree", "add", "--quiet", "--detach", str(left), "HEAD")
    (left / "CHANGELOG.md").write_text("half written")

    release(process)

    assert "half written" not in git(clone, "show", "v0.2.0:CHANGELOG.md")


def test_the_release_s_commit_is_built_under_its_version_and_any_other_with_its_commit(
    process: Process, clone: Path
) -> None:
    release(process)
    head = git(clone, "rev-parse", "HEAD")

    assert process.build().name == f"0.2.0+{head[:12]}"
    git(clone, "checkout", "--quiet", "v0.2.0")
    assert process.build().name == "0.2.0"


def test_a_release_runs_every_check_of_the_makefile() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")

    assert {"lint", "types", *re.findall(r"^(check-[a-z]+):", makefile, re.MULTILINE)} <= set(CHECKS)


def test_a_project_s_address_without_a_bucket_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["release", "--version", "0.2.0", "--source-url", "https://example.com"])

    assert "needs a BUCKET" in capsys.readouterr().err
