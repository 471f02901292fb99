"""Starts and stops the AWS emulator. It runs in its own process group and outlives the command that started it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import requests

from local import processes
from local.aws import LOOPBACK
from local.errors import LocalStackError
from local.settings import REGION
from local.state import PROJECT, Emulator

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.state import State

INTERPRETER = PROJECT / ".tools" / "emulator" / "bin" / "python"
MAIN = PROJECT / "local" / "emulator_main.py"
DEFAULT_HOST = LOOPBACK
DEFAULT_PORT = 4566
START_SECONDS = 60.0
POLL_SECONDS = 0.1


def is_running(emulator: Emulator) -> bool:
    """Whether the recorded process is still our emulator and responds."""
    if emulator.pid not in processes.find_in_group(emulator.pid, str(INTERPRETER)):
        return False
    return _responds(emulator)


def start(state: State, host: str, port: int) -> Emulator:
    """Start the emulator and wait until it responds."""
    if not INTERPRETER.exists():
        raise LocalStackError("the emulator is not installed", "run `make setup`")
    if _in_use(port):
        hint = f"choose another port: make up PORT={port + 1}"
        raise LocalStackError(f"port {port} is in use by another program", hint)
    for folder in (state.logs, state.scratch):
        folder.mkdir(parents=True, exist_ok=True)
    log = log_file(state)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [INTERPRETER, MAIN],
            cwd=state.scratch,
            env=_environment(state.scratch, host, port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    emulator = Emulator(process.pid, host, port)
    state.emulator = emulator
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise LocalStackError("the emulator stopped while starting", f"see {log}")
        if _responds(emulator):
            process.returncode = 0  # it outlives this process on purpose; prevents a ResourceWarning
            return emulator
        time.sleep(POLL_SECONDS)
    stop(emulator)
    raise LocalStackError(f"the emulator did not respond within {START_SECONDS:.0f} s", f"see {log}")


def stop(emulator: Emulator) -> bool:
    """Stop the emulator and its functions; false if no process was left."""
    return processes.terminate_group(emulator.pid, str(INTERPRETER), "the emulator")


def log_file(state: State) -> Path:
    """The emulator's log file."""
    return state.logs / "emulator.log"


def _environment(scratch: Path, host: str, port: int) -> Mapping[str, str]:
    """The emulator's environment, which it passes on to every function."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "STATE_DIR": str(scratch / "state"),
        "S3_DATA_DIR": str(scratch / "s3"),
        "LANG": "C.UTF-8",
        "BIND_HOST": host,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONUNBUFFERED": "1",
        # evaluate the functions' roles and the buckets' policies, as AWS does
        "AUTH": "true",
        # services that listen on additional ports
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }


def _responds(emulator: Emulator) -> bool:
    try:
        return requests.get(f"{emulator.endpoint}/_ministack/health", timeout=2).ok
    except requests.RequestException:
        return False


def _in_use(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
