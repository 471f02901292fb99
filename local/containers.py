"""What `sam local` is given so that the functions, in containers, find the services of the local stack.

The template stays as it is. The variables of each function are those of the deployed one: `sam local` cannot tell what
a `!Ref` to a table is. And AWS_ENDPOINT_URL, which no function declares and `--env-vars` therefore could not set, is
part of the image that the containers run: AWS's image for the runtime with this one variable more.
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
COMPARED = frozenset({"TOKEN_ISSUER"})
"""Variables that hold an address of the stack as a name only: nobody connects to it, it must stay what it is."""


@dataclass(frozen=True)
class Functions:
    """The deployed functions: their variables by logical id, and the runtime of them all."""

    variables: Mapping[str, Mapping[str, str]]
    runtime: str


def prepare(state: State, stack: Stack, architecture: str, endpoint: str) -> str:
    """Build for containers and write down what `sam local` needs; a digest of it all."""
    functions = deployed_functions(Aws(stack.endpoint))
    target = {"INSTALLHUB_ARCHITECTURE": architecture}
    build = state.containers / "build"
    build.mkdir(parents=True, exist_ok=True)
    with step("Building for containers") as building:
        if not sam.build(state, target, build):
            building.note = "unchanged"
    image = f"{IMAGE_NAME}:{hashlib.sha256(str(state.root).encode()).hexdigest()[:12]}"
    with step("Preparing the runtime's image") as preparing:
        preparing.note = base = sam.runtime_image(functions.runtime, architecture)
        docker.build_image(image, base, [f"ENV AWS_ENDPOINT_URL={endpoint}", f"LABEL {label(state)}"])
    variables = json.dumps(
        {name: reachable(own, stack.endpoint, endpoint) for name, own in functions.variables.items()}, indent=2
    )
    (state.containers / "env.json").write_text(variables, encoding="utf-8")
    settings = configuration(state, stack.region, image, architecture)
    config_file(state).write_text(settings, encoding="utf-8")
    served = [sam.source_digest(target), variables, settings, endpoint]
    return hashlib.sha256(json.dumps(served).encode()).hexdigest()


def deployed_functions(aws: Aws) -> Functions:
    """What the emulator knows of the functions, every reference in their variables resolved."""
    variables, runtimes = {}, set()
    for page in aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK_NAME):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == "AWS::Lambda::Function":
                found = aws.functions.get_function_configuration(FunctionName=resource["PhysicalResourceId"])
                variables[resource["LogicalResourceId"]] = found.get("Environment", {}).get("Variables", {})
                runtimes.add(found["Runtime"])
    if len(runtimes) != 1:
        raise LocalStackError(f"the functions have {len(runtimes)} runtimes; one image can serve one only")
    return Functions(variables, runtimes.pop())


def reachable(variables: Mapping[str, str], here: str, there: str) -> dict[str, str]:
    """Variables in which addresses of the stack, `here` on this machine, are `there`, where containers reach them."""
    return {
        name: there + value.removeprefix(here) if value.startswith(here) and name not in COMPARED else value
        for name, value in variables.items()
    }


def configuration(state: State, region: str, image: str, architecture: str) -> str:
    """A samconfig.toml for every `sam local` command."""
    options = {
        "template_file": str(state.containers / "build" / TEMPLATE.name),
        "parameter_overrides": f"Architecture={architecture}",
        "env_vars": str(state.containers / "env.json"),
        "invoke_image": [image],
        "skip_pull_image": True,  # the image is there, and in no registry
        "layer_cache_basedir": str(state.containers / "layers"),
        "region": region,
        "warm_containers": "LAZY",  # read by start-api only
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in options.items()]  # JSON's values are TOML's
    return "\n".join(["version = 0.1", "", "[default.global.parameters]", *lines, ""])


def config_file(state: State) -> Path:
    """Where that is."""
    return state.containers / "samconfig.toml"


def label(state: State) -> str:
    """What marks the containers of one state folder: they inherit it from the image."""
    return f"{LABEL}={state.root}"
