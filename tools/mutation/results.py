"""Results of mutation tests, compared with the explained survivors."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from tools.mutation.mutants import Mutant

_FIELDS: Final = {"file", "in", "changes", "reason"}


class Status(StrEnum):
    """The result of the tests for a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


@dataclass(frozen=True)
class Explanation:
    """Why mutants may survive: their behaviour is the same, or the difference is not part of any contract.

    Attributes:
        file: The file of the mutants.
        scope: The class and function.
        changes: The original and the changed lines.
        reason: Why no test should fail.
    """

    file: str
    scope: str
    changes: tuple[tuple[str, str], ...]
    reason: str

    @property
    def keys(self) -> set[tuple[str, str, str, str]]:
        """The keys of the mutants."""
        return {(self.file, self.scope, original, replacement) for original, replacement in self.changes}


@dataclass
class RoomResult:
    """The results of a room's mutants.

    Attributes:
        room: The room.
        mutants: All mutants of the room.
        tested: The tested mutants with their status, in the order of the tests.
        failure: Why no mutant could be tested; empty if some were.
    """

    room: str
    mutants: Sequence[Mutant]
    tested: list[tuple[Mutant, Status]] = field(default_factory=list)
    failure: str = ""

    def count(self, status: Status) -> int:
        """The number of mutants with a status."""
        return sum(result is status for _, result in self.tested)


@dataclass(frozen=True)
class Verdict:
    """The findings that fail the run.

    Attributes:
        survivors: Surviving mutants without an explanation.
        stale: Explanations of mutants that do not exist or are killed.
    """

    survivors: tuple[Mutant, ...]
    stale: tuple[str, ...]


def read_explanations(file: Path) -> list[Explanation]:
    """Read the explained survivors from a TOML file.

    Raises:
        ValueError: A field is missing, empty or unknown.
    """
    explanations = []
    for entry in tomllib.loads(file.read_text(encoding="utf-8")).get("survivors", []):
        if entry.keys() != _FIELDS or not (entry["file"] and entry["changes"] and entry["reason"].strip()):
            raise ValueError(f"explained survivors need file, in, changes and a reason: {entry}")
        changes = tuple((original, replacement) for original, replacement in entry["changes"])
        explanations.append(Explanation(entry["file"], entry["in"], changes, entry["reason"]))
    return explanations


def evaluate(results: Sequence[RoomResult], explanations: Sequence[Explanation]) -> Verdict:
    """Compare the results with the explanations."""
    explained = {key for explanation in explanations for key in explanation.keys}
    existing = {mutant.key for result in results for mutant in result.mutants}
    tried = [status for result in results for status in result.tested]
    tested_files = {mutant.file for result in results for mutant in result.mutants}
    survived = {mutant.key for mutant, status in tried if status is Status.SURVIVED}
    killed = {mutant.key for mutant, _ in tried} - survived
    unexplained = survived - explained
    return Verdict(
        survivors=tuple(mutant for mutant, status in tried if status is Status.SURVIVED and mutant.key in unexplained),
        stale=(
            *(_stale(key, "no such mutant") for key in sorted(explained - existing) if key[0] in tested_files),
            *(_stale(key, "killed by a test") for key in sorted(explained & killed)),
        ),
    )


def _stale(key: tuple[str, str, str, str], what: str) -> str:
    file, scope, original, replacement = key
    return f"{file}, {scope or 'the module'}: {original} -> {replacement}: {what}"
