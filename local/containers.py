"""Prepares `sam local`, so that the functions in its containers use the services of the local stack.

The template is unchanged. Each function gets the environment variables of the deployed function, since `sam local`
cannot resolve a `!Ref` to a table. AWS_ENDPOINT_URL is declared by no function, so `--env-vars` cannot set it; it is
part of the image instead: AWS's image of the runtime, plus this variable.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local import docker, sam
from local.aws import Aws
from local.console import step
from local.errors import LocalStackError
from local.settings import STACK_NAME, TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.state import Stack, State

IMAGE_NAME = "installhub-sam-local"
LABEL = "installhub.sam-local"
NOT_REWRITTEN = frozenset({"TOKEN_ISSUER"})
"""Variables whose URL is only an identifier: it is compared, never connected to, and must not change."""


@dataclass(frozen=True)
class DeployedFunctions:
    """The deployed functions: their environment variables by logical id, and the runtime they share."""

    variables: Mapping[str, Mapping[str, str]]
    runtime: str


def prepare(state: State, stack: Stack, architecture: str, endpoint: str) -> str:
    """Build for containers and write the files that `sam local` reads; return a digest of all of them."""
    functions = deployed_functions(Aws(stack.endpoint))
    target = {"INSTALLHUB_ARCHITECTURE": architecture}
    build = state.containers / "build"
    build.mkdir(parents=True, exist_ok=True)
    with step("Building for containers") as building:
        if not sam.build(state, target, build):
            building.note = "unchanged"
    image = f"{IMAGE_NAME}:{hashlib.sha256(str(state.root).encode()).hexdigest()[:12]}"
    with step("Preparing the runtime image") as preparing:
        preparing.note = base = sam.runtime_image(functions.runtime, architecture)
        docker.build_image(image, base, [f"ENV AWS_ENDPOINT_URL={endpoint}", f"LABEL {label(state)}"])
    variables = json.dumps(
        {name: rewrite_endpoints(own, stack.endpoint, endpoint) for name, own in functions.variables.items()}, indent=2
    )
    (state.containers / "env.json").write_text(variables, encoding="utf-8")
    settings = render_samconfig(state, stack.region, image, architecture)
    config_file(state).write_text(settings, encoding="utf-8")
    served = [sam.source_digest(target), variables, settings, endpoint]
    return hashlib.sha256(json.dumps(served).encode()).hexdigest()


def deployed_functions(aws: Aws) -> DeployedFunctions:
    """Read the functions from the emulator, which has resolved all references in their variables."""
    variables, runtimes = {}, set()
    for page in aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK_NAME):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == "AWS::Lambda::Function":
                found = aws.lambda_.get_function_configuration(FunctionName=resource["PhysicalResourceId"])
                variables[resource["LogicalResourceId"]] = found.get("Environment", {}).get("Variables", {})
                runtimes.add(found["Runtime"])
    if len(runtimes) != 1:
        raise LocalStackError(f"the functions use {len(runtimes)} runtimes; `sam local` supports one")
    return DeployedFunctions(variables, runtimes.pop())


def rewrite_endpoints(variables: Mapping[str, str], here: str, there: str) -> dict[str, str]:
    """Replace the stack's address on this machine, `here`, by the one that containers can reach, `there`."""
    return {
        name: there + value.removeprefix(here) if value.startswith(here) and name not in NOT_REWRITTEN else value
        for name, value in variables.items()
    }


def render_samconfig(state: State, region: str, image: str, architecture: str) -> str:
    """The samconfig.toml of all `sam local` commands."""
    options = {
        "template_file": str(state.containers / "build" / TEMPLATE.name),
        "parameter_overrides": f"Architecture={architecture}",
        "env_vars": str(state.containers / "env.json"),
        "invoke_image": [image],
        "skip_pull_image": True,  # the image is local and in no registry
        "layer_cache_basedir": str(state.containers / "layers"),
        "region": region,
        "warm_containers": "LAZY",  # only used by start-api
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in options.items()]  # these JSON values are valid TOML
    return "\n".join(["version = 0.1", "", "[default.global.parameters]", *lines, ""])


def config_file(state: State) -> Path:
    """The path of that samconfig.toml."""
    return state.containers / "samconfig.toml"


def label(state: State) -> str:
    """The label of all containers of one state folder, inherited from the image."""
    return f"{LABEL}={state.root}"
