from __future__ import annotations

import json
from pathlib import Path

import pytest

from local.errors import LocalStackError
from local.seed import read_artifacts
from local.state import PROJECT

ARTIFACT = {
    "tenantId": "a",
    "artifactId": "ent-1",
    "type": "EntitySchema",
    "name": "Thing",
    "status": "published",
    "dependencies": [],
    "definition": {},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "artifacts.json"


@pytest.mark.parametrize("sample", sorted((PROJECT / "local" / "sample").glob("*.json")), ids=lambda file: file.stem)
def test_the_samples_are_valid(sample: Path) -> None:
    assert len(read_artifacts(sample)) == len(json.loads(sample.read_text()))


def test_each_invalid_artifact_is_named(file: Path) -> None:
    file.write_text(json.dumps([ARTIFACT, {**ARTIFACT, "artifactId": "ent-2", "type": "Entity"}, 3, ARTIFACT]))
    with pytest.raises(LocalStackError) as refusal:
        read_artifacts(file)
    lines = refusal.value.message.splitlines()
    assert lines[0].endswith("nothing was published")
    assert lines[1].startswith("  artifact [1] (ent-2): /type ")
    assert lines[2] == "  artifact [2]: is not an object"
    assert lines[3] == "  artifact [3] (ent-1): duplicate id in the tenant a"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[\n  {,\n]", r":2:4: invalid JSON"),
        (b"{}", "not a JSON array"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_an_unreadable_file_is_reported_with_the_reason(file: Path, content: bytes, message: str) -> None:
    file.write_bytes(content)
    with pytest.raises(LocalStackError, match=message):
        read_artifacts(file)


def test_a_missing_file_is_an_error(file: Path) -> None:
    with pytest.raises(LocalStackError, match="No such file"):
        read_artifacts(file)
