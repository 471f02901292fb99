"""The workflows: valid, least privilege, pinned runners, and they only call commands that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[3]
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    """Return a workflow; YAML 1.1 reads the key ``on`` as true."""
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text())
    return {"on" if name is True else name: value for name, value in workflow.items()}


def steps_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


@each_workflow
def test_a_workflow_has_triggers_and_bounded_jobs_on_a_pinned_runner(path: Path) -> None:
    workflow = read(path)

    assert workflow["on"]
    for job in workflow["jobs"].values():
        if "uses" not in job:
            assert job["runs-on"] == "ubuntu-24.04"
            assert job["timeout-minutes"] <= 300


@each_workflow
def test_it_may_only_read_unless_a_job_needs_more(path: Path) -> None:
    workflow = read(path)

    if "workflow_call" not in workflow["on"]:
        assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert set(job.get("permissions", {})) <= {"contents", "id-token"}


@each_workflow
def test_every_action_has_a_version_and_no_checkout_keeps_credentials(path: Path) -> None:
    for step in steps_of(read(path)):
        if action := step.get("uses"):
            assert re.search(r"@v\d+$", action), action
            if action.startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@each_workflow
def test_every_make_target_exists(path: Path) -> None:
    known = subprocess.run(["make", "-pqrR"], cwd=PROJECT, capture_output=True, text=True, check=False).stdout  # noqa: S607
    for step in steps_of(read(path)):
        for line in step.get("run", "").splitlines():
            if line.strip().startswith("make "):
                for target in re.findall(r" ([a-z][a-z-]+)(?= |$)", line.strip().split("=")[0]):
                    assert f"\n{target}:" in known, target


def test_untrusted_text_never_becomes_part_of_a_script() -> None:
    """Expressions are substituted before the shell runs, so they belong into `env`."""
    for path in WORKFLOWS:
        for step in steps_of(read(path)):
            assert "${{" not in step.get("run", "")


def test_production_follows_the_test_stack() -> None:
    jobs = read(PROJECT / ".github" / "workflows" / "deploy.yml")["jobs"]

    assert jobs["production"]["needs"] == "test"
    assert {job["with"]["environment"] for job in jobs.values()} == {"test", "production"}
