"""Exact entry names of long ids, which must not change between versions of InstallHub."""

from __future__ import annotations

import hashlib

import pytest

from installhub.bundler.entry_names import entry_path
from installhub.model.artifact import ArtifactType


def name_of(artifact_id: str) -> str:
    return entry_path(ArtifactType.RULE_SET, artifact_id).removeprefix("artifacts/RuleSet/").removesuffix(".json")


def with_digest(stem: str, artifact_id: str) -> str:
    return f"{stem}~{hashlib.sha256(artifact_id.encode()).hexdigest()[:32]}"


def test_a_name_of_200_characters_is_kept() -> None:
    assert name_of("x" * 200) == "x" * 200
    assert name_of("ü" * 33 + "xx") == "%C3%BC" * 33 + "xx"


@pytest.mark.parametrize("artifact_id", ["x" * 201, "x" * 256])
def test_a_longer_name_keeps_its_first_hundred_characters(artifact_id: str) -> None:
    assert name_of(artifact_id) == with_digest("x" * 100, artifact_id)


@pytest.mark.parametrize("length", [97, 98, 99, 100])
def test_an_escape_is_not_split(length: int) -> None:
    artifact_id = "x" * length + " " * 60

    assert name_of(artifact_id) == with_digest("x" * length + "%20" * (length == 97), artifact_id)


def test_a_character_of_several_escapes_may_be_split_between_escapes() -> None:
    assert name_of("ü" * 100) == with_digest("%C3%BC" * 16 + "%C3", "ü" * 100)


def test_a_tilde_is_escaped() -> None:
    assert name_of("a~b") == "a%7Eb"


@pytest.mark.parametrize("artifact_id", ["console", "auxiliary", "com10", "nulls.txt", "prn-1"])
def test_an_id_that_starts_like_a_device_name_is_kept(artifact_id: str) -> None:
    assert name_of(artifact_id) == artifact_id


@pytest.mark.parametrize("artifact_id", ["con", "lpt1", "aux.txt"])
def test_a_device_name_is_replaced_by_its_digest(artifact_id: str) -> None:
    assert name_of(artifact_id) == with_digest("", artifact_id)
