"""Alarms have runbooks and are on the dashboard, and the dashboard refers to existing resources only."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.template import resources_of, template

DOCS = Path(__file__).parents[3] / "docs"
RUNBOOKS = DOCS / "runbooks"
ALARMS = resources_of("AWS::CloudWatch::Alarm")
FUNCTIONS = resources_of("AWS::Serverless::Function")


@pytest.fixture(scope="module")
def dashboard() -> str:
    (properties,) = resources_of("AWS::CloudWatch::Dashboard").values()
    return str(properties["DashboardBody"]["Fn::Sub"])


def metrics_of(dashboard: str) -> list[list[Any]]:
    body = json.loads(dashboard)
    return [row for widget in body["widgets"] for row in widget["properties"].get("metrics", [])]


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_refers_to_its_runbook_which_has_checks_and_fixes(alarm: str) -> None:
    page = (RUNBOOKS / f"{alarm}.md").read_text()
    assert ALARMS[alarm]["AlarmDescription"].endswith(f"See docs/runbooks/{alarm}.md.")
    assert page.startswith(f"# {alarm}: ")
    assert "## Check" in page
    assert "## Fix" in page
    assert f"[{alarm}]({alarm}.md)" in (RUNBOOKS / "README.md").read_text()


def test_there_is_no_runbook_without_an_alarm() -> None:
    assert {page.stem for page in RUNBOOKS.glob("*.md")} == {*ALARMS, "README"}


def test_links_between_the_runbooks_work() -> None:
    for page in RUNBOOKS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (RUNBOOKS / target).exists(), f"{page.name}: {target}"


def test_errors_throttles_dead_letters_latency_and_orphans_have_alarms() -> None:
    monitored = {
        (alarm["Namespace"], alarm["MetricName"]) for alarm in ALARMS.values() if isinstance(alarm["Namespace"], str)
    }
    assert monitored >= {
        ("AWS/ApiGateway", "5XXError"),
        ("AWS/ApiGateway", "Latency"),
        ("AWS/Lambda", "Errors"),
        ("AWS/Lambda", "Throttles"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    }
    assert "OrphanedClaimsRemoved" in {alarm["MetricName"] for alarm in ALARMS.values()}


def test_functions_without_a_route_have_an_alarm_for_errors() -> None:
    """Errors of functions with routes are counted by API Gateway."""
    monitored = {
        dimension["Value"]["Ref"]
        for alarm in ALARMS.values()
        if alarm["MetricName"] == "Errors"
        for dimension in alarm["Dimensions"]
    }
    with_routes = {
        name
        for name, function in FUNCTIONS.items()
        if any(event["Type"] == "Api" for event in function.get("Events", {}).values())
    }
    assert monitored == FUNCTIONS.keys() - with_routes


def test_the_dashboard_shows_every_alarm_and_function(dashboard: str) -> None:
    for alarm in ALARMS:
        assert f"${{{alarm}.Arn}}" in dashboard
    for function in FUNCTIONS:
        assert dashboard.count(f"${{{function}}}") >= 3


def test_the_dashboard_shows_resources_that_exist(dashboard: str) -> None:
    rows = metrics_of(dashboard)
    assert len(rows) > 40
    names = {name.partition(".")[0] for name in re.findall(r"\$\{([A-Za-z.]+)\}", dashboard)}
    assert names <= {*template()["Resources"], *template()["Parameters"]}


def test_the_widgets_of_the_dashboard_do_not_overlap(dashboard: str) -> None:
    occupied: set[tuple[int, int]] = set()
    for widget in json.loads(dashboard)["widgets"]:
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & occupied
        occupied |= cells
