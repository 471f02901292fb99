"""What the user sees of a long command: one line a step, on stderr, so that stdout holds results only."""

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
    """One line of progress; `note` may be set while the step runs."""

    def __init__(self, note: str = "") -> None:
        self.note = note


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show that `title` is being done, then how long it took and whether it worked."""
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


def report(error: LocalStackError) -> None:
    """Print an error and what to do about it."""
    stderr.print(Text.assemble(("error: ", "bold red"), error.message), soft_wrap=True)
    if error.hint:
        stderr.print(Text(f"       {error.hint}"), soft_wrap=True)
