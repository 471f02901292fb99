from __future__ import annotations

import json

from local.logs import format_entry, functions
from local.state import Stack


def test_functions_are_named_after_their_folders() -> None:
    outputs = {"ExportFunction": "x-1", "GetPackageFunction": "x-2", "ArtifactsTable": "x-3"}
    assert functions(Stack("", "", "", {}, outputs)) == {"export": "x-1", "get_package": "x-2"}


def test_an_entry_of_the_logger_is_one_line() -> None:
    entry = {"level": "WARNING", "message": "slow", "service": "installhub", "tenant": "a", "artifacts": 3}
    assert format_entry(0, "export", json.dumps(entry)).plain.endswith("WARNING  export  slow  tenant=a artifacts=3")


def test_a_metric_is_shown_with_name_and_value() -> None:
    entry = {"_aws": {"CloudWatchMetrics": [{"Metrics": [{"Name": "Exports"}]}]}, "Exports": [1.0], "service": "x"}
    assert format_entry(0, "export", json.dumps(entry)).plain.endswith("export  metrics Exports=[1.0]")


def test_an_exception_keeps_its_lines() -> None:
    entry = {"level": "ERROR", "message": "failed", "exception": "Traceback:\n  here"}
    assert format_entry(0, "export", json.dumps(entry)).plain.endswith("failed\nTraceback:\n  here")


def test_a_line_that_is_not_json_is_shown_unchanged() -> None:
    assert format_entry(0, "export", "plain [text]").plain.endswith("export  plain [text]")
