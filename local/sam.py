"""Runs the real `sam build` and `sam deploy`, and writes their output to log files."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from typing import TYPE_CHECKING

from local.errors import LocalStackError
from local.settings import PROFILE, SAM_CONFIG, TEMPLATE
from local.state import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from local.state import State

SAM = PROJECT / ".tools" / "sam" / "bin" / "sam"
MAKE_NOTE = re.compile(
    r"make(\[\d+\])?: "
)  # "make: *** [...] Error 1" only repeats that the line before it is an error
TOOLS = PROJECT / ".venv" / "bin"
POLL_SECONDS = "0.1"  # an emulated stack is ready at once; SAM would poll every 0.5 s, then every 5 s
SOURCES = ("functions", "layers", "requirements/emulator.txt", "requirements/sam.txt")


def build(state: State, target: Mapping[str, str], folder: Path, template: Path = TEMPLATE) -> bool:
    """Build the functions and the layer into a folder, with the variables `target`; false if it is up to date.

    Paths in ``template`` are relative to the project.
    """
    digest, recorded = source_digest(target, template), folder.with_name(f"{folder.name}.sha256")
    if (folder / TEMPLATE.name).exists() and recorded.exists() and recorded.read_text() == digest:
        return False
    recorded.unlink(missing_ok=True)
    arguments: list[str | Path] = ["--template-file", template, "--base-dir", PROJECT, "--build-dir", folder]
    _run(state, "build", arguments, dict(target))
    recorded.write_text(digest)
    return True


def deploy(state: State, endpoint: str, parameters: Mapping[str, str]) -> None:
    """Create or update the stack; other parameters keep their current value, or the template's default."""
    values = state.root / "parameters.yaml"  # sam expects YAML, of which JSON is a subset
    values.write_text(json.dumps(parameters), encoding="utf-8")
    arguments: list[str | Path] = [
        "--template-file",
        state.build / TEMPLATE.name,
        "--parameter-overrides",
        f"file://{values}",
    ]
    _run(state, "deploy", arguments, {"AWS_ENDPOINT_URL": endpoint})


def _run(state: State, command: str, arguments: Sequence[str | Path], variables: Mapping[str, str]) -> None:
    inherited = environment(state)
    state.logs.mkdir(parents=True, exist_ok=True)
    log = state.logs / f"sam-{command}.log"
    with log.open("wb") as output:
        outcome = subprocess.run(  # noqa: S603 - our own command
            [SAM, command, "--config-file", SAM_CONFIG, "--config-env", PROFILE, *arguments],
            cwd=PROJECT,
            env={**inherited, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if outcome.returncode != 0:
        reason = last_error(log.read_text(encoding="utf-8", errors="replace"))
        raise LocalStackError(f"`sam {command}` failed: {reason}", f"the full output is in {log}")


def runtime_image(runtime: str, architecture: str) -> str:
    """The name that SAM uses for AWS's image of a runtime such as `python3.13`."""
    program = "from samcli.local.docker.lambda_image import LambdaImage; print(LambdaImage._INVOKE_REPO_PREFIX)"
    outcome = subprocess.run(  # noqa: S603 - our own command
        [SAM.with_name("python"), "-c", program], capture_output=True, text=True, check=False
    )
    if outcome.returncode != 0:
        raise LocalStackError(
            "cannot read the name of the runtime image from SAM", "reinstall the pinned version: make setup"
        )
    name = runtime.rstrip(".0123456789")
    return f"{outcome.stdout.strip()}/{name}:{runtime.removeprefix(name)}-{architecture}"


def environment(state: State) -> dict[str, str]:
    """The environment of all `sam` commands."""
    if not SAM.exists():
        raise LocalStackError("the SAM CLI is not installed", "run `make setup`")
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"  # the layer's build needs uv
    own = {"PATH": path, "__SAM_CLI_APP_DIR": str(state.root / "sam"), "SAM_CLI_POLL_DELAY": POLL_SECONDS}
    return {**os.environ, **own}


def last_error(output: str) -> str:
    """The line of a tool's output that most likely contains the error."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    candidates = [line for line in lines if not MAKE_NOTE.match(line)]
    errors = [line for line in candidates if any(word in line.lower() for word in ("error", "failed", "invalid"))]
    return (errors or candidates or ["no output"])[-1]


def source_digest(target: Mapping[str, str], template: Path = TEMPLATE) -> str:
    """A digest of everything that a build depends on."""
    digest = hashlib.sha256(json.dumps(dict(target), sort_keys=True).encode())
    digest.update(template.read_bytes())
    for source in SOURCES:
        for file in _files(PROJECT / source):
            digest.update(f"\0{file.relative_to(PROJECT)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file
