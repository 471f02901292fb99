"""State that persists between commands, in one folder (`.local`, or $INSTALLHUB_STATE)."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Emulator:
    """The emulator's process, which leads its own process group, and the address it listens on."""

    pid: int
    host: str
    port: int

    @property
    def endpoint(self) -> str:
        """The URL of all emulated services. Whatever its `host`, the emulator listens on the loopback address."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Stack:
    """A deployed stack."""

    endpoint: str
    region: str
    url: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    def as_outputs(self) -> dict[str, str]:
        """The output of `make outputs`."""
        return {"endpoint": self.endpoint, "region": self.region, "url": self.url, **self.outputs}


@dataclass(frozen=True)
class SamLocal:
    """A running `sam local start-api`: its process, the forwarder's (0: none), its port and a digest of its files."""

    pid: int
    forwarder: int
    port: int
    digest: str

    @property
    def url(self) -> str:
        """The base URL, up to and without /api."""
        return f"http://127.0.0.1:{self.port}"


class State:
    """The folder and the files in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.build = root / "build"
        self.issuer_key = root / "issuer.pem"
        self.logs = root / "log"
        self.scratch = root / "tmp"
        self.demo = root / "demo"
        self.containers = root / "sam-local"
        self._emulator = root / "emulator.json"
        self._stack = root / "stack.json"
        self._sam_local = self.containers / "server.json"

    @classmethod
    def from_environment(cls) -> State:
        """The folder in $INSTALLHUB_STATE; a relative path is relative to the project."""
        return cls(PROJECT / os.environ.get("INSTALLHUB_STATE", ".local"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Prevent commands from starting, deploying or stopping concurrently."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"another command is starting or stopping the stack in {self.root}"
                raise LocalStackError(message, "wait for it to finish, then try again") from None
            yield

    @property
    def emulator(self) -> Emulator | None:
        """The emulator that was started last; it may no longer be running."""
        return Emulator(**content) if (content := _read(self._emulator)) else None

    @emulator.setter
    def emulator(self, emulator: Emulator) -> None:
        _write(self._emulator, asdict(emulator))

    @property
    def stack(self) -> Stack | None:
        """The stack that was deployed last."""
        return Stack(**content) if (content := _read(self._stack)) else None

    @stack.setter
    def stack(self, stack: Stack) -> None:
        _write(self._stack, asdict(stack))

    @property
    def sam_local(self) -> SamLocal | None:
        """The `sam local start-api` that was started last; it may no longer be running."""
        return SamLocal(**content) if (content := _read(self._sam_local)) else None

    @sam_local.setter
    def sam_local(self, server: SamLocal | None) -> None:
        if server:
            _write(self._sam_local, asdict(server))
        else:
            self._sam_local.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete the data of a run of the emulator; keep the build, the issuer's key and the logs."""
        for file in (self._emulator, self._stack):
            file.unlink(missing_ok=True)
        shutil.rmtree(self.scratch, ignore_errors=True)


def _read(file: Path) -> Any:  # noqa: ANN401 - JSON
    """Read a file written by `_write`; None if it is missing or damaged."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return json.loads(file.read_text(encoding="utf-8"))
    return None


def _write(file: Path, content: object) -> None:
    """Replace a file atomically."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    new.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    new.replace(file)
