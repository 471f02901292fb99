"""The exception of the release commands."""

from __future__ import annotations

from collections.abc import Sequence


class ReleaseError(Exception):
    """Why a release was not made, and what to do.

    Attributes:
        problems: The reasons.
        hint: What to do; may be empty.
    """

    def __init__(self, problems: Sequence[str], hint: str = "") -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
        self.hint = hint
