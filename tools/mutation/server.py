"""Runs tests in forked processes, with slow third-party modules imported beforehand.

python -m tools.mutation.server MODULE ...

Each line on stdin requests a run: a JSON object with pytest's arguments, the timeout in seconds, and a file for the
output. Each response is a line with pytest's exit code, or null after a timeout, and the duration in seconds. The
tests run in the current folder.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

_POLL_SECONDS: Final = 0.02


def run(arguments: list[str], seconds: float, output: Path) -> tuple[int | None, float]:
    """Run pytest in a forked process; return its exit code, or None after a timeout, and the duration."""
    began = time.monotonic()
    child = os.fork()
    if not child:
        os._exit(_test(arguments, output))
    while time.monotonic() - began < seconds:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), time.monotonic() - began
        time.sleep(_POLL_SECONDS)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None, time.monotonic() - began


def _test(arguments: list[str], output: Path) -> int:
    import pytest  # noqa: PLC0415  # so that the server imports it only if listed

    os.setsid()
    sink = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream, number in ((sys.stdin, os.open(os.devnull, os.O_RDONLY)), (sys.stdout, sink), (sys.stderr, sink)):
        os.dup2(number, stream.fileno())
    code = int(pytest.main(arguments))
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def main(modules: list[str]) -> None:
    """Serve requests until stdin is closed."""
    for module in modules:
        importlib.import_module(module)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        code, seconds = run(request["arguments"], request["seconds"], Path(request["output"]))
        print(json.dumps({"code": code, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
