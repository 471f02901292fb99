"""Exports by a Step Functions state machine, on a deployed stack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.state import PROJECT
from tests.system.bus import wait_for
from tests.system.client import Api, export_body


@pytest.fixture(scope="module")
def machine(api: Api) -> str:
    definition = (PROJECT / "docs" / "examples" / "export-state-machine.asl.json").read_text()
    function = api.stack.outputs["ExportWorkerFunction"]
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    invoke = {
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": f"arn:aws:lambda:*:*:function:{function}",
    }
    iam = api.aws.iam
    role = iam.create_role(RoleName="exports", AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="exports", PolicyName="own", PolicyDocument=_policy(invoke))
    created = api.aws.stepfunctions.create_state_machine(
        name="export",
        definition=definition.replace("${ExportWorkerFunction}", function),
        roleArn=role,
    )
    return created["stateMachineArn"]


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def run(api: Api, machine: str, body: object) -> dict[str, Any]:
    """Execute the state machine, and return the finished execution with the names of the states it entered."""
    states = api.aws.stepfunctions
    execution = states.start_execution(stateMachineArn=machine, input=json.dumps(body))["executionArn"]

    def finished_execution() -> dict[str, Any] | None:
        described = states.describe_execution(executionArn=execution)
        return None if described["status"] == "RUNNING" else dict(described)

    described = wait_for(finished_execution)
    history = states.get_execution_history(executionArn=execution)["events"]
    entered = [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
    return {**described, "entered": entered}


def test_a_state_machine_exports(api: Api, machine: str) -> None:
    execution = run(api, machine, export_body("By machine"))

    assert (execution["status"], execution["entered"]) == ("SUCCEEDED", ["Export", "Exported"])
    package = json.loads(execution["output"])
    assert api.get(package["packageId"]).json() == package


def test_a_state_machine_catches_errors_by_error_code(api: Api, machine: str) -> None:
    cycle = run(api, machine, export_body("Circle", "proc-1020"))
    conflict = run(api, machine, export_body("By machine"))

    assert (cycle["status"], cycle["entered"]) == ("FAILED", ["Export", "BreakTheCircle"])
    assert cycle["error"] == "CircularDependency"
    assert cycle["cause"] == "proc-1020 -> thread-2020 -> proc-1021 -> proc-1020"
    assert (conflict["status"], conflict["entered"]) == ("SUCCEEDED", ["Export", "ExportedAlready"])
