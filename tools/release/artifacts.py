"""Builds the artifacts of a commit: reproducible ZIP files, a template that uses them, and their digests."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import deflate

from installhub.bundler.archive import ArchiveWriter
from local.sam import SAM, TOOLS
from tools.project import PROJECT
from tools.release.errors import ReleaseError

RUNTIME: Final = "3.13"
"""Python version of the functions."""

SUMS: Final = "SHA256SUMS"
BUILD: Final = "build.json"
PACKAGED: Final = "packaged.yaml"
TEXTS: Final = ("LICENSE", "README.md")
"""Files that the template's metadata refers to."""

_LOCAL_CODE: Final = re.compile(r"^(\s+)(CodeUri|ContentUri): (\w+)$", re.MULTILINE)
_LOCAL_TEXT: Final = re.compile(
    rf"^(\s+)(LicenseUrl|ReadmeUrl): \S*?({'|'.join(map(re.escape, TEXTS))})$", re.MULTILINE
)
_HEADING: Final = "  AWS::ServerlessRepo::Application:\n"
_LEVEL: Final = 9
_NO_SETTINGS: Final = ("INSTALLHUB_", "AWS_", "SAM_", "UV_PYTHON", "PYTHON")
"""Prefixes of variables that could change a build."""


def find_compiler() -> str:
    """An installed interpreter of the functions' version.

    Raises:
        ReleaseError: There is none; the layer could only be built without bytecode.
    """
    # pyenv's commands work for selected versions only, hence the variable, which nothing else reads.
    environment = {**os.environ, "PYENV_VERSION": RUNTIME}
    try:
        return _run([f"python{RUNTIME}", "-c", "import sys; print(sys.executable)"], PROJECT, environment).strip()
    except (OSError, ReleaseError):
        raise ReleaseError(
            [f"no Python {RUNTIME} is installed to compile the layer with; cold starts would take twice as long"],
            f"install it, or name one: INSTALLHUB_COMPILER=/path/to/python{RUNTIME}",
        ) from None


@dataclass(frozen=True)
class Builder:
    """Builds artifacts.

    Attributes:
        compiler: A Python interpreter of the functions' version, which compiles the layer's modules.
        architecture: Processor of the functions: arm64 or x86_64.
    """

    compiler: str
    architecture: str = "arm64"

    def compiler_version(self) -> str:
        """The full version of the interpreter.

        Raises:
            ReleaseError: It is not of the functions' version.
        """
        try:
            found = _run([self.compiler, "-c", "import platform; print(platform.python_version())"], PROJECT).strip()
        except OSError:
            found = "missing"
        if not found.startswith(f"{RUNTIME}."):
            raise ReleaseError([f"{self.compiler} is {found}, not Python {RUNTIME}"])
        return found

    def build(self, checkout: Path, version: str, commit: str, folder: Path) -> None:
        """Build the commit that is checked out into ``folder``, replacing what it contains.

        The same commit, compiler and tools always give the same bytes.

        Raises:
            ReleaseError: The build failed.
        """
        build = folder.with_name(f"{folder.name}.build")
        for old in (build, folder):
            shutil.rmtree(old, ignore_errors=True)
        folder.mkdir(parents=True)
        compiler_version = self.compiler_version()
        _run([str(SAM), "build", "--build-dir", str(build)], checkout, self._environment(folder))
        template = (build / "template.yaml").read_text(encoding="utf-8")
        for _, _, name in _LOCAL_CODE.findall(template):
            write_zip(build / name, folder / f"{name}.zip")
        (folder / "template.yaml").write_text(use_local_files(template), encoding="utf-8")
        for text in TEXTS:
            shutil.copyfile(checkout / text, folder / text)
        tools = {"python": compiler_version, "sam": _version_of(SAM), "uv": _version_of(TOOLS / "uv")}
        facts = {"version": version, "commit": commit, "architecture": self.architecture, **tools}
        (folder / BUILD).write_text(f"{json.dumps(facts, indent=2)}\n", encoding="utf-8")
        write_sums(folder)
        shutil.rmtree(build)

    def _environment(self, folder: Path) -> Mapping[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NO_SETTINGS)}
        return {
            **inherited,
            "PATH": os.pathsep.join([str(TOOLS), os.environ["PATH"]]),
            "INSTALLHUB_COMPILER": self.compiler,
            "INSTALLHUB_ARCHITECTURE": self.architecture,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
            "__SAM_CLI_APP_DIR": str(folder.with_name("sam")),
        }


def write_zip(source: Path, target: Path) -> None:
    """Write a folder as a ZIP file that depends on names and content only: no times, no order, no zlib version."""
    with target.open("wb") as output:
        archive = ArchiveWriter(output.write)
        for file in sorted(path for path in source.rglob("*") if path.is_file()):
            data = file.read_bytes()
            packed = bytes(deflate.deflate_compress(data, _LEVEL))
            name = file.relative_to(source).as_posix()
            archive.add(name, [packed], packed_size=len(packed), size=len(data), crc32=deflate.crc32(data, 0))
        archive.close()


def use_local_files(template: str) -> str:
    """A template of `sam build` that uses the ZIP files and texts beside it."""
    return _LOCAL_TEXT.sub(r"\1\2: \3", _LOCAL_CODE.sub(r"\1\2: \3.zip", template))


def write_sums(folder: Path) -> None:
    """Write the digests of all files, as `sha256sum --check` reads them."""
    files = sorted(file for file in folder.iterdir() if file.name not in (SUMS, PACKAGED))
    (folder / SUMS).write_text("".join(f"{_digest(file)}  {file.name}\n" for file in files), encoding="utf-8")


def is_build_of(folder: Path, commit: str) -> bool:
    """Whether a folder contains the complete and unchanged artifacts of a commit."""
    try:
        listed = [line.split("  ") for line in (folder / SUMS).read_text(encoding="utf-8").splitlines()]
        facts = json.loads((folder / BUILD).read_text(encoding="utf-8"))
        return facts["commit"] == commit and all(_digest(folder / name) == digest for digest, name in listed)
    except (OSError, ValueError, KeyError):
        return False


def package(folder: Path, bucket: str, prefix: str, source_url: str = "") -> None:
    """Upload the artifacts to a bucket, and write a template that uses them there: `packaged.yaml`.

    AWS is found with the usual configuration, such as AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL.

    Raises:
        ReleaseError: The upload failed.
    """
    template = folder / f"{PACKAGED}.tmp"
    template.write_text(with_source(folder.joinpath("template.yaml").read_text(encoding="utf-8"), source_url))
    target = folder / PACKAGED
    command = [str(SAM), "package", "--template-file", str(template), "--s3-bucket", bucket, "--s3-prefix", prefix]
    try:
        _run([*command, "--output-template-file", str(target)], folder, {**os.environ, "SAM_CLI_TELEMETRY": "0"})
    finally:
        template.unlink()


def with_source(template: str, url: str) -> str:
    """A template whose metadata for the Serverless Application Repository names the project's address."""
    if not url:
        return template
    without = re.sub(r"^    (HomePageUrl|SourceCodeUrl): .*\n", "", template, flags=re.MULTILINE)
    return without.replace(_HEADING, f"{_HEADING}    HomePageUrl: {url}\n    SourceCodeUrl: {url}\n", 1)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _version_of(program: Path) -> str:
    found = re.search(r"\d+\.\d+\.\d+", _run([str(program), "--version"], PROJECT))
    return found[0] if found else "unknown"


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    completed = subprocess.run(  # noqa: S603  # our own commands
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if completed.returncode != 0:
        output = (completed.stderr + completed.stdout).strip().splitlines()
        raise ReleaseError([f"`{Path(command[0]).name} {command[1]}` failed: {line}" for line in output[-5:]])
    return completed.stdout
