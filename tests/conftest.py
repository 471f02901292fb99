"""What every suite can use: figures that tests leave behind for docs/reliability.md."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Protocol

import pytest

from tools.reliability import Figure, save_figures


class Record(Protocol):
    def __call__(self, topic: str, what: str, figure: object, how: str = "") -> None: ...


@pytest.fixture(scope="session")
def figures() -> Iterator[list[Figure]]:
    """What was seen so far; what is in it when the tests end is kept."""
    figures: list[Figure] = []
    yield figures
    if os.environ.get("INSTALLHUB_FIGURES") == "write":
        save_figures(figures)


@pytest.fixture
def record(figures: list[Figure]) -> Record:
    """Keeps a figure that a test saw, under a topic of docs/reliability.md; call it after the asserts.

    Only `INSTALLHUB_FIGURES=write`, which the targets that renew the page set, puts figures on disk.
    """

    def keep_one(topic: str, what: str, figure: object, how: str = "") -> None:
        figures.append(Figure(topic, what, str(figure), how))

    return keep_one
