"""The artifacts of a release: ZIP files, digests, the template that uses them."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.template import template
from tools.project import PROJECT
from tools.release import artifacts, changelog
from tools.release.errors import ReleaseError

BUILT = """\
Metadata:
  AWS::ServerlessRepo::Application:
    Name: installhub
    LicenseUrl: ../../LICENSE
    ReadmeUrl: ../../README.md
Globals:
  Function:
    CodeUri: functions/
Resources:
  Layer:
    Properties:
      ContentUri: Layer
  Function:
    Properties:
      CodeUri: Function
"""


def folder_with(tmp_path: Path, name: str, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        file = tmp_path / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return tmp_path / name


def test_a_zip_depends_on_names_and_content_only(tmp_path: Path) -> None:
    first = folder_with(tmp_path, "first", {"app.py": b"x = 1\n" * 99, "a/é.py": b""})
    second = folder_with(tmp_path, "second", {"a/é.py": b"", "app.py": b"x = 1\n" * 99})
    os.utime(second / "app.py", (0, 0))

    for folder in (first, second):
        artifacts.write_zip(folder, tmp_path / f"{folder.name}.zip")

    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "first.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a/é.py", "app.py"]
        assert archive.read("app.py") == b"x = 1\n" * 99
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}


def test_the_template_uses_the_files_beside_it() -> None:
    used = artifacts.use_local_files(BUILT)

    for line in (
        "CodeUri: Function.zip\n",
        "ContentUri: Layer.zip\n",
        "LicenseUrl: LICENSE\n",
        "ReadmeUrl: README.md\n",
    ):
        assert line in used
    assert "CodeUri: functions/\n" in used


def test_the_address_of_a_fork_is_written_into_the_metadata() -> None:
    once = artifacts.with_source(BUILT, "https://example.com/a")
    twice = artifacts.with_source(once, "https://example.com/b")

    assert "    SourceCodeUrl: https://example.com/a\n" in once
    assert "https://example.com/a" not in twice
    assert "    HomePageUrl: https://example.com/b\n    SourceCodeUrl: https://example.com/b\n" in twice
    assert artifacts.with_source(BUILT, "") == BUILT


def test_the_digests_are_those_that_sha256sum_checks(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path, "dist", {"code.zip": b"code", "packaged.yaml": b"", "build.json": b'{"commit": "c"}'}
    )

    artifacts.write_sums(folder)

    lines = (folder / "SHA256SUMS").read_text().splitlines()
    assert f"{hashlib.sha256(b'code').hexdigest()}  code.zip" in lines
    assert len(lines) == 2, "the packaged template depends on the bucket"
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)  # noqa: S607


@pytest.mark.parametrize("broken", ["code.zip", "SHA256SUMS", "build.json"])
def test_incomplete_artifacts_are_not_taken_for_a_build(tmp_path: Path, broken: str) -> None:
    folder = folder_with(tmp_path, "dist", {"code.zip": b"code", "build.json": b'{"commit": "c"}'})
    artifacts.write_sums(folder)
    assert artifacts.is_build_of(folder, "c")
    assert not artifacts.is_build_of(folder, "d")

    (folder / broken).unlink()

    assert not artifacts.is_build_of(folder, "c")


@pytest.mark.parametrize(
    ("compiler", "problem"), [("python3.999", "python3.999 is missing"), (sys.executable, "not Python 0.1")]
)
def test_only_a_python_of_the_functions_version_compiles_the_layer(
    compiler: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "RUNTIME", "0.1")

    with pytest.raises(ReleaseError, match=re.escape(problem)):
        artifacts.Builder(compiler).compiler_version()


def test_the_layer_is_compiled_by_the_functions_python() -> None:
    assert template()["Globals"]["Function"]["Runtime"] == f"python{artifacts.RUNTIME}"


def test_the_changelog_of_the_project_can_be_released() -> None:
    text = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased = changelog.section(text, "Unreleased")

    released = changelog.release(text, "99.0.0", "2026-03-04")

    assert changelog.section(released, "99.0.0") == unreleased
    assert changelog.section(released, "Unreleased") == ""
    assert next(str(version) for version in changelog.versions(released)) == "99.0.0"
    assert changelog.section(text, "0.1.0") == changelog.section(released, "0.1.0") != ""
