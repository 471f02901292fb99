from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local.sam import last_error
from local.state import PROJECT
from tests.template import resources_of


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("Building ...\nError: no such file\nmake[1]: *** [Makefile:5: build-X] Error 1\n", "Error: no such file"),
        ("one\nError: bad parameter\n\nDone\n", "Error: bad parameter"),
        ("killed\n", "killed"),
        ("", "no output"),
    ],
)
def test_the_most_informative_line_is_shown(output: str, line: str) -> None:
    assert last_error(output) == line


@pytest.mark.parametrize("function", sorted(resources_of("AWS::Serverless::Function")))
def test_a_function_is_built_from_its_folder_only(function: str, tmp_path: Path) -> None:
    sources, artifacts = tmp_path / "functions", tmp_path / "artifacts"
    shutil.copytree(PROJECT / "functions", sources)
    artifacts.mkdir()
    subprocess.run(  # noqa: S603  # fixed command
        ["make", f"build-{function}"],  # noqa: S607  # make from PATH
        cwd=sources,
        env={**os.environ, "ARTIFACTS_DIR": str(artifacts)},
        check=True,
        capture_output=True,
    )
    folder = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in function)
    source = PROJECT / "functions" / folder.strip("_").removesuffix("_function")
    files = sorted(file.relative_to(artifacts) for file in artifacts.rglob("*"))
    assert files == sorted(file.relative_to(source) for file in source.rglob("*") if "__pycache__" not in file.parts)


def test_a_function_without_a_folder_is_an_error(tmp_path: Path) -> None:
    result = subprocess.run(
        ["make", "build-NoSuchThingFunction"],  # noqa: S607  # make from PATH
        cwd=PROJECT / "functions",
        env={**os.environ, "ARTIFACTS_DIR": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode != 0
    assert "there is no functions/no_such_thing/app.py" in result.stderr
