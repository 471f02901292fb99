"""The selection of tests for a mutant by the lines that they execute."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.mutation.coverage_map import CoverageMap, statement_lines

PROJECT = Path(__file__).parents[3]

SOURCE = """\
LIMIT = 5

def double(
    number=1,
):
    if (
        number
        > LIMIT
    ):
        return (
            LIMIT
            * 2
        )
    return number * 2

class Counter:
    start = 0

    def next(self):
        return [
            self.start
            for _ in range(1)
        ]
"""

TESTS = """\
import pytest
from product import Counter, double

@pytest.fixture
def counter():
    return Counter()

def test_large(): assert double(6) == 10
def test_small(): assert double(2) == 4
def test_counter(counter): assert counter.next() == [0]
"""


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        (1, None),
        (4, None),
        (17, None),
        (6, range(6, 10)),
        (8, range(6, 10)),
        (10, range(10, 14)),
        (12, range(10, 14)),
        (14, range(14, 15)),
        (22, range(20, 24)),
    ],
)
def test_the_statement_at_a_line_of_a_function_is_found(line: int, lines: range | None) -> None:
    assert statement_lines(SOURCE, line) == lines


@pytest.fixture(scope="module")
def coverage_map(tmp_path_factory: pytest.TempPathFactory) -> CoverageMap:
    folder = tmp_path_factory.mktemp("measured")
    package = folder / "src"
    package.mkdir()
    (package / "product.py").write_text(SOURCE, encoding="utf-8")
    (folder / "test_product.py").write_text(TESTS, encoding="utf-8")
    subprocess.run(  # noqa: S603  # our own command
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "tools.mutation.line_coverage", "-p", "no:cacheprovider"),
            *("--line-coverage", str(folder / "map.json"), "--line-coverage-source", str(package), "test_product.py"),
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{package}"},
        capture_output=True,
        check=True,
    )
    return CoverageMap.read(folder / "map.json", package)


@pytest.mark.parametrize(
    ("line", "tests"),
    [
        (7, {"test_large", "test_small"}),
        (11, {"test_large"}),
        (14, {"test_small"}),
        (21, {"test_counter"}),
    ],
)
def test_the_tests_that_execute_a_statement_are_found(coverage_map: CoverageMap, line: int, tests: set[str]) -> None:
    found = coverage_map.find_tests("product.py", line)

    assert found is not None
    assert {test.partition("::")[2] for test in found} == tests


def test_any_test_may_depend_on_code_outside_of_functions(coverage_map: CoverageMap) -> None:
    assert coverage_map.find_tests("product.py", 1) is None


def test_the_fastest_test_comes_first(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f():\n    return 1\n", encoding="utf-8")
    coverage_map = CoverageMap(tmp_path, {"a.py": {2: ["slow", "fast"]}}, {"slow": 2.0, "fast": 0.1})

    assert coverage_map.find_tests("a.py", 2) == ["fast", "slow"]
