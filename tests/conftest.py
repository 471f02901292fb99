"""Fixtures for all test suites: recording figures for docs/reliability.md."""

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
    """The figures recorded so far; saved when the tests end if `INSTALLHUB_FIGURES=write`."""
    figures: list[Figure] = []
    yield figures
    if os.environ.get("INSTALLHUB_FIGURES") == "write":
        save_figures(figures)


@pytest.fixture
def record(figures: list[Figure]) -> Record:
    """Return a function that records a measured figure under a topic of docs/reliability.md.

    Call it after the assertions. Figures are saved only with `INSTALLHUB_FIGURES=write`, which is set by the make
    targets that update the page.
    """

    def add_figure(topic: str, what: str, figure: object, how: str = "") -> None:
        figures.append(Figure(topic, what, str(figure), how))

    return add_figure
