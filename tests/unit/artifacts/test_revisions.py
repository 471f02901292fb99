"""A revision's digest tells every change, and a write depends on everything that can change."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from installhub.artifacts.items import MAX_INLINE_BYTES, edge_item, is_unchanged
from installhub.artifacts.revisions import Revision
from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType
from installhub.model.findings import NO_FINDINGS, Finding, pack_findings
from installhub.model.requirement import Requirement, RequirementKind, ValueType
from installhub.runtime.dynamodb import expressions
from tests.builders import TENANT, node

if TYPE_CHECKING:
    from installhub.runtime.dynamodb import Item

REQUIREMENT: Final = Requirement("db", RequirementKind.VARIABLE, "A text", ValueType.NUMBER, 1)
FINDING: Final = Finding("github-token", "/name", "0123456789abcdef")
NODE: Final = replace(node("rule", "a", "b"), requirements=(REQUIREMENT,), updated_at=1)
CHANGES: Final[list[dict[str, Any]]] = [
    {"id": "rules"},
    {"type": ArtifactType.RULE_SET},
    {"name": "Other"},
    {"status": ArtifactStatus.DRAFT},
    {"dependencies": ()},
    {"dependencies": ("b", "a")},
    {"dependencies": ("a", "b", "c")},
    {"dependencies": ("ab",)},
    {"sha256": "0" * 64},
    {"findings": pack_findings([FINDING])},
    {"findings": pack_findings([FINDING._replace(pointer="/definition")])},
    {"acknowledged": (FINDING.fingerprint,)},
    {"requirements": ()},
    {"requirements": (replace(REQUIREMENT, name="db2"),)},
    {"requirements": (replace(REQUIREMENT, kind=RequirementKind.CONNECTION),)},
    {"requirements": (replace(REQUIREMENT, description=None),)},
    {"requirements": (replace(REQUIREMENT, value_type=None),)},
    {"requirements": (replace(REQUIREMENT, default=None),)},
    {"requirements": (replace(REQUIREMENT, default="1"),)},
    {"requirements": (replace(REQUIREMENT, default=1.0),)},
    {"requirements": (replace(REQUIREMENT, default=True),)},
    {"requirements": (REQUIREMENT, replace(REQUIREMENT, name="db2"))},
]
BY_CHANGE = pytest.mark.parametrize("change", CHANGES, ids=str)


def revision_of(new: ArtifactNode, previous: ArtifactNode | None = NODE) -> Revision:
    edge = None if previous is None else cast("Item", edge_item(TENANT, previous))
    return Revision(new, body={}, object_key=None, previous=edge)


@BY_CHANGE
def test_a_change_of_any_field_changes_the_revision(change: dict[str, Any]) -> None:
    assert replace(NODE, **change).revision != NODE.revision


def test_every_field_is_tested_here() -> None:
    derived = {"size", "packed_size", "references"}  # from the definition

    assert {name for change in CHANGES for name in change} == {field.name for field in fields(NODE)} - derived - {
        "updated_at"
    }


def test_all_these_changes_have_different_revisions() -> None:
    assert len({replace(NODE, **change).revision for change in CHANGES}) == len(CHANGES)


@pytest.mark.parametrize("search", [{"references": b"[]"}, {"findings": NO_FINDINGS}], ids=str)
def test_that_a_search_found_nothing_is_not_part_of_the_revision_but_written(search: dict[str, Any]) -> None:
    recorded = replace(NODE, **search)

    assert recorded.revision == NODE.revision
    assert revision_of(recorded).is_same
    assert not revision_of(recorded).is_unchanged
    assert revision_of(recorded, recorded).is_unchanged
    assert revision_of(NODE, recorded).is_unchanged


@pytest.mark.parametrize("updated_at", [None, 0, 2])
def test_the_time_of_a_change_is_not_part_of_the_revision(updated_at: int | None) -> None:
    assert replace(NODE, updated_at=updated_at).revision == NODE.revision
    assert revision_of(replace(NODE, updated_at=updated_at)).is_unchanged


@BY_CHANGE
def test_a_change_of_any_field_is_written(change: dict[str, Any]) -> None:
    revision = revision_of(replace(NODE, **change))

    assert not revision.is_unchanged
    assert revision.writes_body == (revision.superseded is not None) == ("sha256" in change)


def test_the_compressed_size_is_not_a_change() -> None:
    """Another version of the codec may compress differently, but the stored definition stays."""
    assert revision_of(replace(NODE, packed_size=NODE.packed_size + 1)).is_unchanged


def test_a_new_artifact_is_written_with_its_body() -> None:
    revision = revision_of(NODE, previous=None)

    assert (revision.is_unchanged, revision.writes_body, revision.superseded) == (False, True, None)


@BY_CHANGE
def test_a_write_depends_on_everything_that_can_change(change: dict[str, Any]) -> None:
    if "id" in change:
        return
    before, after = (
        expressions(condition=is_unchanged(cast("Item", edge_item(TENANT, each))))
        for each in (NODE, replace(NODE, **change))
    )

    assert before != after


def test_a_write_depends_on_the_time_of_the_last_change() -> None:
    """Of two writers that read the same revision, one has to lose also if the other restores it."""
    later, never = (
        expressions(condition=is_unchanged(cast("Item", edge_item(TENANT, replace(NODE, updated_at=at)))))
        for at in (2, None)
    )

    assert later != expressions(condition=is_unchanged(cast("Item", edge_item(TENANT, NODE)))) != never
    assert "attribute_not_exists(#at)" in never["ConditionExpression"]


def test_a_new_artifact_must_not_exist() -> None:
    assert expressions(condition=is_unchanged(None))["ConditionExpression"] == "attribute_not_exists(#pk)"


def test_only_a_new_artifact_without_an_object_is_written_ahead() -> None:
    assert revision_of(NODE, previous=None).can_write_body_first
    assert not revision_of(replace(NODE, name="New")).can_write_body_first
    assert not replace(revision_of(NODE, previous=None), object_key="definitions/x").can_write_body_first
    assert MAX_INLINE_BYTES < 400 * 1024
