"""Docker by its command line: availability, architecture, images, and the address of this machine in containers."""

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
"""Docker's names of the architectures that Lambda supports, with Lambda's names."""

DESKTOP_NAME = "host.docker.internal"
"""Host name of this machine in containers of Docker Desktop (macOS, Windows, Linux), Colima and Rancher Desktop."""

RESPONSE_SECONDS = 30.0


class DockerUnavailableError(LocalStackError):
    """Containers cannot run here."""


def architecture() -> str:
    """Lambda's name of the Docker server's architecture; raises an error if Docker is missing or does not respond."""
    needed = "`sam local` runs the functions in containers (`make up` needs none)"
    if not shutil.which("docker"):
        raise DockerUnavailableError(f"Docker is not installed: {needed}")
    try:
        found = run("version", "--format", "{{.Server.Arch}}", seconds=RESPONSE_SECONDS)
    except subprocess.TimeoutExpired:
        raise DockerUnavailableError(f"Docker does not respond, restart it: {needed}") from None
    except DockerUnavailableError as error:
        raise DockerUnavailableError(f"Docker does not run, start it: {needed} ({error.message})") from None
    if found not in ARCHITECTURES:
        raise DockerUnavailableError(f"Docker runs on {found}; Lambda supports only {' and '.join(ARCHITECTURES)}")
    return ARCHITECTURES[found]


def run(*arguments: str, stdin: str = "", seconds: float | None = None) -> str:
    """Run a Docker command and return its output."""
    outcome = subprocess.run(  # noqa: S603 - our own command
        ["docker", *arguments],  # noqa: S607 - the one on the user's PATH
        input=stdin,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if outcome.returncode != 0:
        lines = outcome.stderr.strip().splitlines() or ["no error message"]
        raise DockerUnavailableError(lines[-1])
    return outcome.stdout.strip()


def environment() -> dict[str, str]:
    """Environment variables for `sam`, which supports DOCKER_HOST but not Docker contexts."""
    if "DOCKER_HOST" in os.environ:
        return {}
    try:
        return {"DOCKER_HOST": run("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")}
    except DockerUnavailableError:
        return {}


def bridge_address() -> str | None:
    """This machine's address on the containers' network; None if that network is inside a virtual machine.

    On Linux it is the address of Docker's bridge, which containers and this machine can both reach. Docker Desktop
    and similar products run in a virtual machine, and provide a host name for this machine instead (DESKTOP_NAME).
    """
    try:
        networks = json.loads(run("network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"))
    except (DockerUnavailableError, ValueError):
        return None
    for network in networks or []:
        subnet = ipaddress.ip_network(network["Subnet"], strict=False)
        if subnet.version == 4:  # noqa: PLR2004 - IPv4
            address = network.get("Gateway") or str(subnet[1])
            return address if _is_local_address(address) else None
    return None


def remove_containers(label: str) -> int:
    """Remove containers and untagged images with a label; return the number of containers."""
    try:
        found = run("ps", "--all", "--quiet", "--filter", f"label={label}").split()
        if found:
            run("rm", "--force", *found)
        run("image", "prune", "--force", "--filter", f"label={label}")
    except (DockerUnavailableError, FileNotFoundError):  # no Docker, no containers
        return 0
    return len(found)


def build_image(tag: str, base: str, lines: Sequence[str]) -> None:
    """Build an image from a base image, which is pulled if necessary, and further lines of a Dockerfile."""
    try:
        run("image", "inspect", "--format", "{{.Id}}", base)
    except DockerUnavailableError:
        try:
            run("pull", "--quiet", base)
        except DockerUnavailableError as error:
            raise DockerUnavailableError(f"cannot pull the image {base}: {error.message}") from None
    try:
        run("build", "--quiet", "--tag", tag, "-", stdin="\n".join([f"FROM {base}", *lines, ""]))
    except DockerUnavailableError as error:
        raise DockerUnavailableError(f"cannot build an image from {base}: {error.message}") from None


def _is_local_address(address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True
