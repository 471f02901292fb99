"""Dependents of an artifact of a tenant, within the size of a response."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

import pytest

from installhub.artifacts.where_used import list_dependents
from installhub.model.errors import InstallHubError, MissingResourceError
from tests.builders import node

if TYPE_CHECKING:
    from collections.abc import Collection

    from installhub.artifacts.catalog import ArtifactTable
    from installhub.model.artifact import ArtifactNode


class FakeTable:
    """A table with the artifacts of one tenant."""

    def __init__(self, *artifacts: ArtifactNode) -> None:
        self._artifacts = artifacts

    def for_tenant(self, _tenant: str, **_options: bool) -> FakeTable:
        return self

    def all_nodes(self) -> Collection[ArtifactNode]:
        return self._artifacts


def dependents(table: FakeTable, artifact_id: str, *, transitive: bool = True) -> list[str]:
    found = list_dependents(cast("ArtifactTable", table), "tenant-a", artifact_id, transitive=transitive)
    return [dependent.node.id for dependent in found]


def test_an_artifact_that_does_not_exist_is_missing_although_others_depend_on_it() -> None:
    with pytest.raises(MissingResourceError):
        dependents(FakeTable(node("b", "a")), "a")


def test_an_artifact_may_have_no_dependents() -> None:
    assert dependents(FakeTable(node("a"), node("b")), "a") == []


def test_the_paths_of_a_long_chain_are_too_large_and_soon_refused() -> None:
    """Their total length grows with the square of the chain's."""
    chain = FakeTable(node("rule-00000"), *(node(f"rule-{at:05}", f"rule-{at - 1:05}") for at in range(1, 8_000)))
    started = time.process_time()

    with pytest.raises(InstallHubError, match="PackageTooLarge"):
        dependents(chain, "rule-00000")

    assert time.process_time() - started < 5
    assert dependents(chain, "rule-00000", transitive=False) == ["rule-00001"]
