"""The dashboard: all alarms, and graphs of the API, the functions, the queues and the tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tools.template.resources import function_ids, logical_ids

_API: Final = ("ApiName", "${AWS::StackName}-packages", "Stage", "${StageName}")
_OWN: Final = "InstallHub/${AWS::StackName}"
_SERVICE: Final = ("service", "installhub")
_WIDTH: Final = 12
_HEIGHT: Final = 6
_ALARMS_HEIGHT: Final = 3

Metric = list[Any]


def render(template: str) -> str:
    """The dashboard's block of template.yaml."""
    alarms = [f"${{{alarm}.Arn}}" for alarm in logical_ids(template, "AWS::CloudWatch::Alarm")]
    widgets = [_alarms(alarms), *_graphs(function_ids(template))]
    body = ",\n".join(_indented(widget) for widget in widgets)
    return (
        "  Dashboard:\n"
        "    Type: AWS::CloudWatch::Dashboard\n"
        "    Properties:\n"
        "      DashboardName: !Sub ${AWS::StackName}-${AWS::Region}\n"
        "      DashboardBody: !Sub |\n"
        f'        {{"widgets": [\n{body}]}}\n'
    )


def _graphs(functions: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The graphs, two per row."""
    graphs = {
        "Requests and errors": [
            ["AWS/ApiGateway", name, *_API, {"stat": "Sum"}] for name in ("Count", "4XXError", "5XXError")
        ],
        "Latency of requests, ms": [["AWS/ApiGateway", "Latency", *_API, {"stat": f"p{n}"}] for n in (50, 95, 99)],
        "Errors of functions": _of_functions(functions, "Errors", "Sum"),
        "Duration of functions, 95th percentile, ms": _of_functions(functions, "Duration", "p95"),
        "Concurrent executions and throttles": [
            *_of_functions(functions, "ConcurrentExecutions", "Maximum"),
            ["AWS/Lambda", "Throttles", {"stat": "Sum"}],
        ],
        "Packages, artifacts, orphaned claims": [
            [_OWN, name, *_SERVICE, {"stat": "Sum"}]
            for name in ("PackagesExported", "ArtifactsExported", "OrphanedClaimsRemoved")
        ],
        "Messages in queues": [
            _queue("ExportQueue", "waiting"),
            _queue("ExportQueue", "in flight or delayed", "ApproximateNumberOfMessagesNotVisible"),
            _queue("ExportDeadLetterQueue", "dead letters"),
            _queue("DropQueue", "files waiting"),
            _queue("DropDeadLetterQueue", "dead files"),
            _queue("UnannouncedQueue", "unpublished"),
            _queue("UnindexedQueue", "not indexed"),
        ],
        "Tables": [
            _table("ArtifactsTable", "ConsumedReadCapacityUnits", "artifacts, read units"),
            _table("PackagesTable", "ConsumedReadCapacityUnits", "packages, read units"),
            _table("PackagesTable", "ConsumedWriteCapacityUnits", "packages, write units"),
            _table("PackageIndexTable", "ConsumedWriteCapacityUnits", "package index, write units"),
            _table("ArtifactsTable", "ReadThrottleEvents", "artifacts, throttled reads"),
            _table("PackagesTable", "WriteThrottleEvents", "packages, throttled writes"),
        ],
    }
    for number, (title, metrics) in enumerate(graphs.items()):
        row, column = divmod(number, 2)
        yield {
            "type": "metric",
            "x": column * _WIDTH,
            "y": _ALARMS_HEIGHT + row * _HEIGHT,
            "width": _WIDTH,
            "height": _HEIGHT,
            "properties": {"title": title, "region": "${AWS::Region}", "period": 300, "metrics": metrics},
        }


def _alarms(arns: list[str]) -> dict[str, Any]:
    properties = {"title": "Alarms", "alarms": arns}
    return {"type": "alarm", "x": 0, "y": 0, "width": 2 * _WIDTH, "height": _ALARMS_HEIGHT, "properties": properties}


def _of_functions(functions: Iterable[str], metric: str, statistic: str) -> list[Metric]:
    return [
        [
            *("AWS/Lambda", metric, "FunctionName", f"${{{function}}}"),
            {"label": function.removesuffix("Function"), "stat": statistic},
        ]
        for function in functions
    ]


def _queue(queue: str, label: str, metric: str = "ApproximateNumberOfMessagesVisible") -> Metric:
    return ["AWS/SQS", metric, "QueueName", f"${{{queue}.QueueName}}", {"stat": "Maximum", "label": label}]


def _table(table: str, metric: str, label: str) -> Metric:
    return ["AWS/DynamoDB", metric, "TableName", f"${{{table}}}", {"stat": "Sum", "label": label}]


def _indented(widget: dict[str, Any]) -> str:
    """A widget as JSON, with one line per alarm or metric."""
    (listing,) = [name for name in ("alarms", "metrics") if name in widget["properties"]]
    rows = ",\n".join(f"            {json.dumps(row)}" for row in widget["properties"][listing])
    shell = json.dumps({**widget, "properties": {**widget["properties"], listing: []}})
    return f"          {shell.removesuffix(']}}')}\n{rows}]}}}}"
