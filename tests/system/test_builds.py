"""`sam build`: reproducible, and for Lambda's Python version and architecture, whatever those of the build machine."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from local.sam import SAM
from local.state import PROJECT

SOURCES = ("template.yaml", "samconfig.toml", "functions", "layers")
AARCH64 = 183
"""Machine number of the architecture in ELF files; tests/sam_local runs builds for the machine's own architecture."""
COMMANDS = (
    *("awk", "basename", "cat", "chmod", "cp", "dirname", "env", "find", "grep", "ln", "make", "mkdir", "mv", "rm"),
    *("sed", "sh", "sort", "touch", "tr", "uname", "xargs"),
)


@pytest.fixture
def bare_machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with make, uv and a single Python: the one that runs the tests."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for command in COMMANDS:
        if found := shutil.which(command):
            (folder / command).symlink_to(found)
    (folder / "uv").symlink_to(PROJECT / ".venv" / "bin" / "uv")
    for name in ("python", "python3", f"python3.{sys.version_info.minor}"):
        (folder / name).symlink_to(sys.executable)
    inherited = {
        name: os.environ[name] for name in ("HOME", "LANG", "SSL_CERT_FILE", "UV_CACHE_DIR") if name in os.environ
    }
    indexes = {name: value for name, value in os.environ.items() if name.startswith(("UV_INDEX", "UV_DEFAULT", "PIP_"))}
    return {
        **inherited,
        **indexes,
        "PATH": str(folder),
        "SAM_CLI_TELEMETRY": "0",
        "AWS_EC2_METADATA_DISABLED": "true",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_PYTHON_INSTALL_DIR": str(tmp_path / "none"),
        "AWS_DEFAULT_REGION": "us-east-1",
        "__SAM_CLI_APP_DIR": str(tmp_path / "sam"),
    }


def test_builds_are_reproducible_and_target_lambdas_python_and_architecture(
    tmp_path: Path, bare_machine: dict[str, str]
) -> None:
    first, second = (_build(tmp_path / name, bare_machine) for name in ("first", "second"))
    assert first == second
    assert any(name.startswith("InstallHubLayer/python/installhub/") for name in first)
    extensions = [file for file in (tmp_path / "first" / "build").rglob("*.so*") if file.is_file()]
    assert extensions
    for extension in extensions:
        assert struct.unpack("<H", extension.read_bytes()[18:20]) == (AARCH64,), extension.name
        if "cpython-" in extension.name:
            assert "cpython-313-" in extension.name


def _build(root: Path, environment: dict[str, str]) -> dict[str, tuple[str, bool]]:
    """Build a copy of the sources, and return the digest of each file and whether it is executable."""
    root.mkdir()
    for source in SOURCES:
        if (PROJECT / source).is_dir():
            shutil.copytree(PROJECT / source, root / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(PROJECT / source, root)
    built = subprocess.run(  # noqa: S603  # fixed command
        [SAM, "build", "--build-dir", root / "build"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return {
        str(file.relative_to(root / "build")): (hashlib.sha256(file.read_bytes()).hexdigest(), os.access(file, os.X_OK))
        for file in sorted((root / "build").rglob("*"))
        if file.is_file()
    }
