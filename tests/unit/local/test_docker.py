from __future__ import annotations

from pathlib import Path

import pytest

from local import docker
from local.__main__ import main


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def fake_docker(folder: Path, script: str) -> None:
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (None, "Docker is not installed"),
        ("echo 'Cannot connect to the Docker daemon' >&2; exit 1", "Docker does not run, start it"),
        ("exec /bin/sleep 5", "Docker does not respond, restart it"),
        ("echo riscv64", "Docker runs on riscv64; Lambda supports only amd64 and arm64"),
    ],
)
def test_problems_with_docker_are_reported_in_one_line(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    script: str | None,
    message: str,
) -> None:
    monkeypatch.setattr(docker, "RESPONSE_SECONDS", 0.2)
    if script:
        fake_docker(path, script)
    assert main(["sam-local"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = output.err.splitlines()
    assert line.startswith(f"error: {message}")


@pytest.mark.parametrize(("docker_name", "lambda_name"), [("amd64", "x86_64"), ("arm64", "arm64")])
def test_the_architecture_has_the_name_that_lambda_uses(path: Path, docker_name: str, lambda_name: str) -> None:
    fake_docker(path, f"echo {docker_name}")
    assert docker.architecture() == lambda_name


@pytest.mark.parametrize(
    ("networks", "address"),
    [
        ('[{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.1"}]', "172.17.0.1"),
        ('[{"Subnet":"172.18.0.0/16"}]', "172.18.0.1"),
        ('[{"Subnet":"fd00::/64"},{"Subnet":"10.9.0.0/24","Gateway":"10.9.0.254"}]', "10.9.0.254"),
        ('[{"Subnet":"fd00::/64"}]', None),
        ("null", None),
        ("", None),
    ],
)
def test_the_bridge_address_is_read_from_docker(
    path: Path, monkeypatch: pytest.MonkeyPatch, networks: str, address: str | None
) -> None:
    fake_docker(path, f"echo '{networks}'")
    monkeypatch.setattr(docker, "_is_local_address", lambda _: True)
    assert docker.bridge_address() == address


def test_a_bridge_inside_a_virtual_machine_is_not_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_docker(path, 'echo \'[{"Subnet":"172.17.0.0/16"}]\'')
    monkeypatch.setattr(docker, "_is_local_address", lambda _: False)
    assert docker.bridge_address() is None


def test_sam_gets_the_docker_context(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    fake_docker(path, "echo unix:///home/me/.colima/docker.sock")
    assert docker.environment() == {"DOCKER_HOST": "unix:///home/me/.colima/docker.sock"}
    monkeypatch.setenv("DOCKER_HOST", "tcp://other:2375")
    assert docker.environment() == {}


def test_without_docker_there_is_nothing_to_remove(path: Path) -> None:
    assert not (path / "docker").exists()
    assert docker.remove_containers("a=b") == 0
