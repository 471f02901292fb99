"""What is kept between two commands, all of it in one folder (`.local`, or $INSTALLHUB_STATE)."""

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
    """The emulator's process (it leads a process group of its own) and where it listens."""

    pid: int
    host: str
    port: int

    @property
    def endpoint(self) -> str:
        """The URL of every emulated service. The emulator listens on the loopback address whatever its `host`."""
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
        """What `make outputs` prints."""
        return {"endpoint": self.endpoint, "region": self.region, "url": self.url, **self.outputs}


class State:
    """The folder and the files in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.build = root / "build"
        self.build_digest = root / "build.sha256"
        self.issuer_key = root / "issuer.pem"
        self.logs = root / "log"
        self.scratch = root / "tmp"
        self.demo = root / "demo"
        self._emulator = root / "emulator.json"
        self._stack = root / "stack.json"

    @classmethod
    def from_environment(cls) -> State:
        """The folder that $INSTALLHUB_STATE names, from the project's folder if relative."""
        return cls(PROJECT / os.environ.get("INSTALLHUB_STATE", ".local"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep two commands from starting, deploying or stopping at once."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"another `make up` or `make down` is at work in {self.root}"
                raise LocalStackError(message, "wait for it to end, then try again") from None
            yield

    @property
    def emulator(self) -> Emulator | None:
        """The emulator that was started last; it may have died since."""
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

    def forget(self) -> None:
        """Remove what belongs to one run of the emulator; the build, the issuer's key and the logs stay."""
        for file in (self._emulator, self._stack):
            file.unlink(missing_ok=True)
        shutil.rmtree(self.scratch, ignore_errors=True)


def _read(file: Path) -> Any:  # noqa: ANN401 - JSON
    """Read a file that `_write` wrote; a missing or damaged one counts as absent."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return json.loads(file.read_text(encoding="utf-8"))
    return None


def _write(file: Path, content: object) -> None:
    """Replace a file as a whole, so that no reader sees half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    new.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    new.replace(file)
