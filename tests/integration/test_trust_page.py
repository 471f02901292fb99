"""The programs of docs/trust.md verify an exported package, and refuse forged ones."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from installhub.verification.bundle import verify_bundle
from tests.integration.support.artifact_inputs import artifact_input
from tests.unit.verification.signing import KEY, OTHER_KEY, attestation_of, jwk

if TYPE_CHECKING:
    from tests.integration.support.world import World

PAGE: Final = (Path(__file__).parents[2] / "docs/trust.md").read_text(encoding="utf-8")

every_program = pytest.mark.parametrize("name", ["verify.py", "plain.py"])


def program(name: str) -> str:
    found = re.search(rf"<!-- begin {name} -->\n```python\n(.*?)```\n<!-- end {name} -->", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def files(world: World, tmp_path: Path) -> dict[str, Path]:
    """A package, its attestation and the keys, as files."""
    world.publish(artifact_input("rule"), artifact_input("form", "rule"))
    bundle = world.bundles().read(world.export("form", name="Suite", version="1.2.3").record.bundle_key)
    contents = {
        "bundle": bundle,
        "attestation": attestation_of(verify_bundle(io.BytesIO(bundle))),
        "keys": json.dumps({"keys": [jwk(KEY)]}).encode(),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in contents}


def run(name: str, files: dict[str, Path]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program(name), *map(str, files.values())]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # a program of the page


@every_program
def test_an_exported_package_is_verified(name: str, files: dict[str, Path]) -> None:
    result = run(name, files)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Suite 1.2.3")


@every_program
@pytest.mark.parametrize("forged", ["bundle", "attestation", "keys"])
def test_whatever_is_forged_is_refused(name: str, forged: str, files: dict[str, Path]) -> None:
    content = bytearray(files[forged].read_bytes())
    if forged == "bundle":
        content[len(content) // 2] ^= 1
    elif forged == "attestation":
        payload = content.index(b'"payload": "') + 40
        content[payload] = ord("A") if content[payload] != ord("A") else ord("B")
    else:
        content = bytearray(json.dumps({"keys": [jwk(OTHER_KEY)]}).encode())
    files[forged].write_bytes(content)

    assert run(name, files).returncode != 0


def test_the_short_program_is_short() -> None:
    assert len(program("plain.py").splitlines()) <= 24
