"""Finds the tests that execute the code of a mutant."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class CoverageMap:
    """Which tests execute which lines of the unchanged code.

    Attributes:
        package: The folder of the measured package.
        lines: The tests by file, relative to the package, and line.
        seconds: The duration of each test.
    """

    package: Path
    lines: Mapping[str, Mapping[int, list[str]]]
    seconds: Mapping[str, float]

    @classmethod
    def read(cls, file: Path, package: Path) -> CoverageMap:
        """Read what :mod:`tools.mutation.line_coverage` wrote."""
        content = json.loads(file.read_text(encoding="utf-8"))
        lines = {
            name: {int(line): tests for line, tests in covered.items()} for name, covered in content["lines"].items()
        }
        return cls(package, lines, content["seconds"])

    def find_tests(self, file: str, line: int) -> list[str] | None:
        """The tests that execute the statement at ``line`` of ``file``, the fastest first.

        None for code outside of functions, which runs when the module is imported: any test may depend on it.
        """
        span = statement_lines((self.package / file).read_text(encoding="utf-8"), line)
        if span is None:
            return None
        covered = self.lines.get(file, {})
        tests = {test for number in span for test in covered.get(number, [])}
        return sorted(tests, key=lambda test: (self.seconds.get(test, 0.0), test))


def statement_lines(source: str, line: int) -> range | None:
    """The lines of the innermost statement at ``line`` if it is in a function; of a compound statement, its header."""
    found: range | None = None
    for function in _functions(source):
        if not function.body[0].lineno <= line <= (function.end_lineno or 0):
            continue
        for node in ast.walk(function):
            if node is not function and isinstance(node, ast.stmt):
                body = getattr(node, "body", None)
                last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
                span = range(node.lineno, max(node.lineno, last) + 1)
                if line in span and (found is None or len(span) <= len(found)):
                    found = span
        found = found or range(line, line + 1)
    return found


@cache
def _functions(source: str) -> list[Function]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, Function)]
