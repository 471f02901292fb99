"""Brings the local stack up, brings it up to date and takes it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local import differences, emulator, issuer, sam
from local.aws import Aws
from local.console import stderr, step
from local.differences import Deployed
from local.errors import LocalStackError
from local.parameters import parse
from local.settings import LOCAL_BUCKET, REGION, STACK_NAME, TEMPLATE
from local.state import Stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.state import Emulator, State


def up(state: State, given: str = "", port: int | None = None, host: str | None = None) -> Stack:
    """Start what is not running, deploy the template with the parameters `given`, and record the outcome."""
    with state.locked():
        running, started = _ensure_emulator(state, port, host)
        try:
            stack = _deploy(state, running, given)
        except BaseException:
            if started:  # leave nothing behind that was not there before
                emulator.stop(running)
                state.forget()
            raise
        state.stack = stack
        return stack


def down(state: State) -> None:
    """End the emulator, and with it every function and all data."""
    with state.locked():
        recorded = state.emulator
        if recorded and emulator.stop(recorded):
            stderr.print("The local stack is stopped and its data gone.")
        else:
            stderr.print("The local stack is not running.")
        state.forget()


def ensure(state: State, port: int | None, host: str | None) -> Stack:
    """The stack that is up, or a new one."""
    try:
        return current(state)
    except LocalStackError:
        return up(state, port=port, host=host)


def current(state: State) -> Stack:
    """The stack that is up."""
    if state.stack and state.emulator and emulator.is_running(state.emulator):
        return state.stack
    raise LocalStackError("the local stack is not running", "start it: make up")


def _ensure_emulator(state: State, port: int | None, host: str | None) -> tuple[Emulator, bool]:
    recorded = state.emulator
    if recorded and emulator.is_running(recorded):
        if port not in (None, recorded.port) or host not in (None, recorded.host):
            message = f"the local stack already runs on {recorded.host}:{recorded.port}"
            raise LocalStackError(message, "to move it: make down, then make up again")
        return recorded, False
    if recorded:
        stderr.print("The emulator had stopped without `make down`; its data is gone. Starting afresh.", style="yellow")
        emulator.stop(recorded)
        state.forget()
    with step("Starting the emulator") as current_step:
        started = emulator.start(state, host or emulator.DEFAULT_HOST, port or emulator.DEFAULT_PORT)
        current_step.note = started.endpoint
    return started, True


def _deploy(state: State, running: Emulator, given: str) -> Stack:
    aws = Aws(running.endpoint)
    issuer.publish(aws.s3, issuer.Issuer(state.issuer_key))
    parameters = parse(given, _declared_parameters(aws))
    with step("Building the functions and the layer") as building:
        if not sam.build(state, differences.build_target(), state.build):
            building.note = "unchanged"
    with step("Deploying template.yaml") as deploying:
        sam.deploy(state, running.endpoint, {**issuer.parameters(running.endpoint), **parameters})
        deploying.note = given
    with step("Adapting to the emulator"):
        deployed, stack = _describe(aws)
        differences.apply(deployed)
    return stack


def _declared_parameters(aws: Aws) -> set[str]:
    """The names of the template's parameters. CloudFormation takes a template of this size from a bucket only."""
    aws.s3.upload_file(str(TEMPLATE), LOCAL_BUCKET, TEMPLATE.name)
    url = f"{aws.endpoint}/{LOCAL_BUCKET}/{TEMPLATE.name}"
    declared = aws.cloudformation.validate_template(TemplateURL=url)["Parameters"]
    return {item["ParameterKey"] for item in declared}


def _describe(aws: Aws) -> tuple[Deployed, Stack]:
    described = aws.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    parameters = {item["ParameterKey"]: item["ParameterValue"] for item in described["Parameters"]}
    outputs = {item["OutputKey"]: item["OutputValue"] for item in described["Outputs"]}
    processed = aws.cloudformation.get_template(StackName=STACK_NAME, TemplateStage="Processed")["TemplateBody"]
    rest_api_id, stage = outputs["ApiId"], outputs["StageName"]
    pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
    physical_ids = {
        item["LogicalResourceId"]: item["PhysicalResourceId"]
        for page in pages
        for item in page["StackResourceSummaries"]
    }
    deployed = Deployed(aws, rest_api_id, stage, _resources(processed), physical_ids, parameters)
    url = f"{aws.endpoint}/_aws/execute-api/{rest_api_id}/{stage}"
    return deployed, Stack(aws.endpoint, REGION, url, parameters, outputs)


def _resources(template: object) -> Mapping[str, differences.Json]:
    if not isinstance(template, dict):
        message = "the emulator did not return the processed template as JSON"
        raise LocalStackError(message, "its version is pinned in requirements/emulator.txt")
    resources: Mapping[str, differences.Json] = template["Resources"]
    return resources
