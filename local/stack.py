"""Starts, updates and stops the local stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local import differences, emulator, issuer, sam
from local.aws import Aws
from local.console import stderr, step
from local.differences import DeployedStack
from local.errors import LocalStackError
from local.parameters import parse
from local.settings import LOCAL_BUCKET, REGION, STACK_NAME, TEMPLATE
from local.state import Stack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.state import Emulator, State


def up(
    state: State, overrides: str = "", port: int | None = None, host: str | None = None, template: Path = TEMPLATE
) -> Stack:
    """Start the emulator if necessary, deploy the template with parameter `overrides`, and record the stack."""
    with state.locked():
        running, started = _ensure_emulator(state, port, host)
        try:
            stack = deploy(state, running, overrides, template)
        except BaseException:
            if started:  # leave nothing behind
                emulator.stop(running)
                state.clear()
            raise
        state.stack = stack
        return stack


def down(state: State) -> None:
    """Stop the emulator, which removes all functions and data."""
    with state.locked():
        recorded = state.emulator
        if recorded and emulator.stop(recorded):
            stderr.print("The local stack is stopped and its data deleted.")
        else:
            stderr.print("The local stack is not running.")
        state.clear()


def ensure(state: State, port: int | None, host: str | None) -> Stack:
    """The running stack, or a new one."""
    try:
        return current(state)
    except LocalStackError:
        return up(state, port=port, host=host)


def current(state: State) -> Stack:
    """The running stack; raises an error if there is none."""
    if state.stack and state.emulator and emulator.is_running(state.emulator):
        return state.stack
    raise LocalStackError("the local stack is not running", "start it: make up")


def _ensure_emulator(state: State, port: int | None, host: str | None) -> tuple[Emulator, bool]:
    recorded = state.emulator
    if recorded and emulator.is_running(recorded):
        if port not in (None, recorded.port) or host not in (None, recorded.host):
            message = f"the local stack is already running on {recorded.host}:{recorded.port}"
            raise LocalStackError(message, "to change the address, run `make down` first")
        return recorded, False
    if recorded:
        stderr.print(
            "The emulator stopped without `make down`, so its data is lost. Starting a new one.", style="yellow"
        )
        emulator.stop(recorded)
        state.clear()
    with step("Starting the emulator") as current_step:
        started = emulator.start(state, host or emulator.DEFAULT_HOST, port or emulator.DEFAULT_PORT)
        current_step.note = started.endpoint
    return started, True


def deploy(state: State, running: Emulator, overrides: str, template: Path = TEMPLATE) -> Stack:
    """Build and deploy the template to a running emulator, with parameter ``overrides``, and compensate differences."""
    aws = Aws(running.endpoint)
    issuer.publish_jwks(aws.s3, issuer.Issuer(state.issuer_key))
    parameters = parse(overrides, _declared_parameters(aws, template))
    with step("Building the functions and the layer") as building:
        if not sam.build(state, differences.build_target(), state.build, template):
            building.note = "unchanged"
    with step("Deploying template.yaml") as deploying:
        sam.deploy(state, running.endpoint, {**issuer.template_parameters(running.endpoint), **parameters})
        deploying.note = overrides
    with step("Adapting to the emulator"):
        deployed, stack = _describe(aws)
        differences.apply(deployed)
    return stack


def _declared_parameters(aws: Aws, template: Path) -> set[str]:
    """The names of the template's parameters. A template of this size must be passed to CloudFormation in a bucket."""
    aws.s3.upload_file(str(template), LOCAL_BUCKET, template.name)
    url = f"{aws.endpoint}/{LOCAL_BUCKET}/{template.name}"
    declared = aws.cloudformation.validate_template(TemplateURL=url)["Parameters"]
    return {item["ParameterKey"] for item in declared}


def _describe(aws: Aws) -> tuple[DeployedStack, Stack]:
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
    deployed = DeployedStack(aws, rest_api_id, stage, _resources(processed), physical_ids, parameters)
    url = f"{aws.endpoint}/_aws/execute-api/{rest_api_id}/{stage}"
    return deployed, Stack(aws.endpoint, REGION, url, parameters, outputs)


def _resources(template: object) -> Mapping[str, differences.Json]:
    if not isinstance(template, dict):
        message = "the emulator did not return the processed template as JSON"
        raise LocalStackError(message, "its version is pinned in requirements/emulator.txt")
    resources: Mapping[str, differences.Json] = template["Resources"]
    return resources
