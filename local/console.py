"""Progress of long commands: one line per step, on stderr, so that stdout contains results only."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.errors import LocalStackError

WIDTH_WHEN_PIPED = 100

stderr = Console(stderr=True, highlight=False)
stdout = Console(highlight=False)
for _console in (stderr, stdout):
    if not _console.is_terminal:
        _console.width = WIDTH_WHEN_PIPED


class Step:
    """A step of a command; `note` is printed at the end of its line and may be set while it runs."""

    def __init__(self, note: str = "") -> None:
        self.note = note


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show a spinner with `title`, then whether the step succeeded and how long it took."""
    current = Step()
    started = time.monotonic()
    mark, style = "✗", "red"
    try:
        with stderr.status(f"{title} …"):
            yield current
        mark, style = "✓", "green"
    finally:
        seconds = time.monotonic() - started
        line = Text.assemble((f"{mark} ", style), f"{title:<44}", (f"{seconds:6.1f} s", "dim"))
        if current.note:
            line.append(f"  {current.note}", "dim")
        stderr.print(line, soft_wrap=True)


def print_error(error: LocalStackError) -> None:
    """Print an error and its hint."""
    stderr.print(Text.assemble(("error: ", "bold red"), error.message), soft_wrap=True)
    if error.hint:
        stderr.print(Text(f"       {error.hint}"), soft_wrap=True)
