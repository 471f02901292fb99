"""Docker, by its command line: whether it runs, for which processor, and what containers call this machine."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

from local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Sequence

ARCHITECTURES = {"amd64": "x86_64", "arm64": "arm64"}
"""Docker's names of the processors that Lambda has, and Lambda's."""

DESKTOP_NAME = "host.docker.internal"
"""What Docker Desktop (macOS, Windows, Linux), Colima and Rancher Desktop call the machine they run on."""

ANSWER_SECONDS = 30.0


class DockerUnavailableError(LocalStackError):
    """Containers cannot run here."""


def architecture() -> str:
    """Lambda's name of the processor that containers run on; raises if there is no Docker or it does not answer."""
    needed = "`sam local` runs the functions in containers (`make up` needs none)"
    if not shutil.which("docker"):
        raise DockerUnavailableError(f"Docker is not installed: {needed}")
    try:
        found = run("version", "--format", "{{.Server.Arch}}", seconds=ANSWER_SECONDS)
    except subprocess.TimeoutExpired:
        raise DockerUnavailableError(f"Docker does not answer, start it: {needed}") from None
    except DockerUnavailableError as error:
        raise DockerUnavailableError(f"Docker does not run, start it: {needed} ({error.message})") from None
    if found not in ARCHITECTURES:
        raise DockerUnavailableError(f"Docker runs on {found}, Lambda on {' or '.join(ARCHITECTURES)}")
    return ARCHITECTURES[found]


def run(*arguments: str, given: str = "", seconds: float | None = None) -> str:
    """What a command of Docker prints."""
    outcome = subprocess.run(  # noqa: S603 - our own command
        ["docker", *arguments],  # noqa: S607 - whichever the user has
        input=given,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if outcome.returncode != 0:
        said = outcome.stderr.strip().splitlines() or ["it did not say why"]
        raise DockerUnavailableError(said[-1])
    return outcome.stdout.strip()


def environment() -> dict[str, str]:
    """What `sam` must be told: it knows DOCKER_HOST, but not the contexts of Docker's command line."""
    if "DOCKER_HOST" in os.environ:
        return {}
    try:
        return {"DOCKER_HOST": run("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")}
    except DockerUnavailableError:
        return {}


def bridge_address() -> str | None:
    """This machine's address on the network of the containers; None if that network is inside a virtual machine.

    Docker on Linux has it on a bridge of this machine, which both the containers and this machine can address. Docker
    Desktop and its like have it in a virtual machine, and give this machine a name instead (see DESKTOP_NAME).
    """
    try:
        networks = json.loads(run("network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"))
    except (DockerUnavailableError, ValueError):
        return None
    for network in networks or []:
        subnet = ipaddress.ip_network(network["Subnet"], strict=False)
        if subnet.version == 4:  # noqa: PLR2004 - IPv4
            address = network.get("Gateway") or str(subnet[1])
            return address if _is_ours(address) else None
    return None


def remove_containers(label: str) -> int:
    """Remove the containers that have a label, and the images without a name that do; how many containers."""
    try:
        found = run("ps", "--all", "--quiet", "--filter", f"label={label}").split()
        if found:
            run("rm", "--force", *found)
        run("image", "prune", "--force", "--filter", f"label={label}")
    except (DockerUnavailableError, FileNotFoundError):  # no Docker, no containers
        return 0
    return len(found)


def build_image(tag: str, base: str, lines: Sequence[str]) -> None:
    """Make an image that adds lines of a Dockerfile to another, which is pulled if it is not there."""
    try:
        run("image", "inspect", "--format", "{{.Id}}", base)
    except DockerUnavailableError:
        try:
            run("pull", "--quiet", base)
        except DockerUnavailableError as error:
            raise DockerUnavailableError(f"the image {base} cannot be pulled: {error.message}") from None
    try:
        run("build", "--quiet", "--tag", tag, "-", given="\n".join([f"FROM {base}", *lines, ""]))
    except DockerUnavailableError as error:
        raise DockerUnavailableError(f"no image can be made of {base}: {error.message}") from None


def _is_ours(address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True
