"""A pytest plugin that records which tests execute each line, and how long each test takes.

pytest -p tools.mutation.line_coverage --line-coverage FILE --line-coverage-source FOLDER
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin."""
    parser.addoption("--line-coverage", required=True, type=Path, help="the JSON file to write")
    parser.addoption("--line-coverage-source", required=True, type=Path, help="the folder of the measured code")


def pytest_configure(config: pytest.Config) -> None:
    """Start measuring before any test module is imported."""
    config.pluginmanager.register(
        LineCoverage(config.getoption("--line-coverage"), config.getoption("--line-coverage-source"))
    )


class LineCoverage:
    """Measures coverage with a context per test."""

    def __init__(self, file: Path, source: Path) -> None:
        self._file, self._source = file, source.resolve()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._coverage = Coverage(data_file=None, source=[str(self._source)], messages=False)
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Attribute the lines that a test executes, fixtures included, to the test."""
        self._coverage.switch_context(item.nodeid)
        result = yield
        self._coverage.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up the durations of setup, test and teardown."""
        self._seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Write ``{"lines": {file: {line: [test]}}, "seconds": {test: seconds}}``."""
        self._coverage.stop()
        data = self._coverage.get_data()
        lines = {
            Path(file).relative_to(self._source).as_posix(): {
                line: sorted(filter(None, tests)) for line, tests in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }
        self._file.write_text(json.dumps({"lines": lines, "seconds": self._seconds}), encoding="utf-8")
