"""The check that a template can be applied to a stack of the last release."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.template import template
from tools.upgrade.changes import problems

Change = Callable[[dict[str, Any]], object]


def resources() -> dict[str, Any]:
    return copy.deepcopy(dict(template()["Resources"]))


def found(change: Change) -> list[str]:
    """Return the problems of an update from the template to one with a change."""
    changed = resources()
    change(changed)
    return list(problems(resources(), changed))


def properties(changed: dict[str, Any], name: str) -> dict[str, Any]:
    changed_properties: dict[str, Any] = changed[name]["Properties"]
    return changed_properties


def index(name: str, key: str = "x") -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }


def add_indexes(*names: str) -> Change:
    return lambda changed: properties(changed, "PackagesTable")["GlobalSecondaryIndexes"].extend(map(index, names))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda changed: changed.pop("PackagesTable"), "PackagesTable: is missing"),
        (lambda changed: changed["BundleBucket"].update(Type="AWS::SQS::Queue"), "BundleBucket: changes its type"),
        (lambda changed: properties(changed, "ArtifactsTable").update(TableName="x"), "TableName would replace it"),
        (lambda changed: properties(changed, "PlansTable")["KeySchema"].pop(), "KeySchema would replace it"),
        (lambda changed: properties(changed, "InboxBucket").update(BucketName="x"), "BucketName would replace it"),
        (lambda changed: properties(changed, "ExportQueue").update(FifoQueue=True), "FifoQueue would replace it"),
        (lambda changed: properties(changed, "EventBus").update(Name="x"), "Name would replace it"),
        (add_indexes("a", "b"), "PackagesTable: adds or removes 2 indexes (a, b)"),
        (
            lambda changed: properties(changed, "PackagesTable").update(GlobalSecondaryIndexes=[index("a")]),
            "2 indexes (a, by-lease)",
        ),
        (
            lambda changed: properties(changed, "PackagesTable").update(GlobalSecondaryIndexes=[index("by-lease")]),
            "KeySchema of the index by-lease",
        ),
        (lambda changed: changed["BundleBucket"].pop("DeletionPolicy"), "no longer retained (DeletionPolicy)"),
        (
            lambda changed: changed["PackagesTable"].update(UpdateReplacePolicy="Delete"),
            "no longer retained (UpdateReplacePolicy)",
        ),
    ],
)
def test_a_change_that_cannot_be_applied_or_loses_data_is_found(change: Change, problem: str) -> None:
    assert any(problem in text for text in found(change)), found(change)


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        add_indexes("a"),
        lambda changed: properties(changed, "PackagesTable").update(GlobalSecondaryIndexes=[]),
        lambda changed: changed.update(NewTable=changed["PackagesTable"]),
        lambda changed: properties(changed, "ExportQueue").update(VisibilityTimeout=1),
        lambda changed: changed.pop("PreviewFunction"),
        lambda changed: changed["RequestsTable"].update(DeletionPolicy="Retain"),
    ],
)
def test_any_other_change_is_possible(change: Change) -> None:
    assert found(change) == []
