"""A TCP forwarder, through which containers reach the emulator while it only listens on the loopback address.

`python -m local.forwarder ADDRESS PORT TARGET_PORT` accepts connections at ADDRESS:PORT, an address on the containers'
bridge that other machines cannot reach, and forwards them to 127.0.0.1:TARGET_PORT.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local import processes
from local.aws import LOOPBACK
from local.errors import LocalStackError
from local.state import PROJECT

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULE = "local.forwarder"
CHUNK_BYTES = 256 * 1024
START_SECONDS = 20.0
POLL_SECONDS = 0.05


def start(logs: Path, address: str, port: int) -> int:
    """Start a process that forwards a port of the bridge to the same port of the loopback address; return its id."""
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / "forwarder.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", MODULE, address, str(port), str(port)],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if probe.connect_ex((address, port)) == 0 and process.poll() is None:
                process.returncode = 0  # it outlives this process on purpose; prevents a ResourceWarning
                return process.pid
        time.sleep(POLL_SECONDS)
    if process.poll() is None:
        stop(process.pid)
    reason = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["the forwarder did not respond"]
    raise LocalStackError(f"containers cannot reach the stack: {reason[-1]}")


def is_running(pid: int, address: str, port: int) -> bool:
    """Whether the process still forwards this port."""
    return pid in processes.find_in_group(pid, f"{MODULE} {address} {port} {port}")


def stop(pid: int) -> bool:
    """Stop a forwarder; false if it was not running."""
    return processes.terminate_group(pid, MODULE, "the forwarder")


async def serve(address: str, port: int, target_port: int) -> asyncio.Server:
    """Start to accept connections."""

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):  # the emulator is gone, so the connection is closed
            target_reader, target_writer = await asyncio.open_connection(LOOPBACK, target_port)
            await asyncio.gather(_pump(reader, target_writer), _pump(target_reader, writer))
            target_writer.close()
        writer.close()

    return await asyncio.start_server(forward, address, port)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Forward the data of one side, and its end of file."""
    try:
        while piece := await reader.read(CHUNK_BYTES):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
    except OSError:  # one side is gone, so the other is closed
        writer.close()


async def _run(address: str, port: int, target_port: int) -> None:
    server = await serve(address, port, target_port)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    server.close()


def main(arguments: Sequence[str]) -> int:
    """Forward until SIGTERM."""
    address, port, target_port = arguments
    try:
        asyncio.run(_run(address, int(port), int(target_port)))
    except OSError as error:
        print(f"{address}:{port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
