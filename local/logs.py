"""Prints the functions' logs, one readable line per entry."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from local.aws import Aws
from local.console import stdout
from local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.state import Stack

SUFFIX = "Function"
POLL_SECONDS = 1.0
PLATFORM_LINES = ("START ", "END ", "REPORT ")
LEVELS = {"DEBUG": "dim", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}
LEVEL_WIDTH = len("CRITICAL")
HIDDEN_FIELDS = frozenset(
    {
        *("level", "message", "timestamp", "location", "service", "cold_start", "xray_trace_id", "exception"),
        *("function_name", "function_memory_size", "function_arn", "function_request_id"),
    }
)


def functions(stack: Stack) -> dict[str, str]:
    """The names of the deployed functions by the folder of their code."""
    return {
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", output.removesuffix(SUFFIX)).lower(): name
        for output, name in stack.outputs.items()
        if output.endswith(SUFFIX)
    }


def show(stack: Stack, function: str, *, follow: bool) -> None:
    """Print the logs of one function or of all; with `follow`, keep printing new entries until interrupted."""
    known = functions(stack)
    if function and function not in known:
        raise LocalStackError(f"there is no function {function!r}", f"available: {', '.join(sorted(known))}")
    aws = Aws(stack.endpoint)
    groups = {folder: _log_group(aws, name) for folder, name in known.items() if function in ("", folder)}
    width = max(map(len, groups))
    shown: Counter[tuple[str, str]] = Counter()
    while True:
        entries = [
            (event["timestamp"], folder, event["message"])
            for folder, group in groups.items()
            for event in _new_events(aws, group, shown)
        ]
        for milliseconds, folder, message in sorted(entries, key=lambda entry: entry[0]):
            if not message.startswith(PLATFORM_LINES):
                stdout.print(format_entry(milliseconds, f"{folder:<{width}}", message.rstrip()), soft_wrap=True)
        stdout.file.flush()  # otherwise a pipe would buffer the lines
        if not follow:
            return
        time.sleep(POLL_SECONDS)


def format_entry(milliseconds: int, folder: str, message: str) -> Text:
    """An entry as a line: time, level, function, message and the remaining fields."""
    clock = datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().strftime("%H:%M:%S")
    entry = _parse(message)
    if entry is None:
        return Text.assemble((f"{clock} {'':<{LEVEL_WIDTH}} {folder}  ", "dim"), message)
    level = str(entry.get("level", "INFO"))
    line = Text.assemble(
        (f"{clock} ", "dim"), (f"{level:<{LEVEL_WIDTH}} ", LEVELS.get(level, "")), (f"{folder}  ", "dim")
    )
    if "_aws" in entry:  # a metric in CloudWatch's embedded metric format
        metrics = [metric["Name"] for group in entry["_aws"]["CloudWatchMetrics"] for metric in group["Metrics"]]
        return line.append("metrics ", "dim").append(_pairs({name: entry.get(name) for name in metrics}), "dim")
    line.append(str(entry.get("message", "")))
    if rest := _pairs({name: value for name, value in entry.items() if name not in HIDDEN_FIELDS}):
        line.append(f"  {rest}", "dim")
    if "exception" in entry:
        line.append(f"\n{entry['exception']}", "red")
    return line


def _pairs(values: dict[str, Any]) -> str:
    return " ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in values.items()
    )


def _parse(message: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(message)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _log_group(aws: Aws, function: str) -> str:
    configuration = aws.lambda_.get_function_configuration(FunctionName=function)
    return configuration["LoggingConfig"]["LogGroup"]


def _new_events(aws: Aws, group: str, shown: Counter[tuple[str, str]]) -> Iterator[Any]:
    """The events of a log group that have not been shown, by the number of events per stream in `shown`."""
    found: Counter[tuple[str, str]] = Counter()
    for page in aws.logs.get_paginator("filter_log_events").paginate(logGroupName=group):
        for event in page["events"]:
            stream = group, event["logStreamName"]
            found[stream] += 1
            if found[stream] > shown[stream]:
                yield event
    shown |= found
