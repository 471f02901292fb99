"""How many artifacts the publisher writes in one transaction, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from installhub.artifacts import items
from installhub.artifacts.definition_objects import DefinitionObjects
from installhub.artifacts.publisher import Publisher, PublishSummary
from installhub.artifacts.revisions import SUPERSEDED_BODY_RETENTION_SECONDS
from installhub.artifacts.validation import ArtifactInput
from installhub.model.artifact import ArtifactStatus, ArtifactType

MEBIBYTE = 1024 * 1024


@dataclass
class FakeDynamoDB:
    """An empty artifacts table that records the numbers of artifacts in transactions."""

    transactions: list[int] = field(default_factory=list)

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803  # boto3's name
        assert all(request["ConsistentRead"] for request in RequestItems.values())
        return {"Responses": {}}

    def transact_write_items(self, *, TransactItems: list[Any]) -> None:  # noqa: N803  # boto3's name
        sort_keys = [write["Put"]["Item"][items.SORT]["S"] for write in TransactItems if "Put" in write]
        self.transactions.append(sum(key.startswith(items.EDGE_PREFIX) for key in sort_keys))
        assert len(TransactItems) <= 100

    def batch_write_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803  # boto3's name
        assert all(len(writes) <= 25 for writes in RequestItems.values())
        return {}

    def update_item(self, **_: object) -> dict[str, Any]:
        return {"Attributes": {}}


def artifact(number: int, size: int = 2, *dependencies: str, tenant: str = "acme") -> ArtifactInput:
    definition = b'"' + b"x" * (size - 2) + b'"'
    status = ArtifactStatus.PUBLISHED
    return ArtifactInput(tenant, f"rule-{number}", ArtifactType.RULE_SET, "Rule", status, dependencies, definition)


def publish(*artifacts: ArtifactInput) -> tuple[PublishSummary, list[int]]:
    """Publish; return the summary, and the number of artifacts in each transaction."""
    database = FakeDynamoDB()
    publisher = Publisher(cast("Any", database), "artifacts", DefinitionObjects(cast("Any", None), "definitions"))
    return publisher.publish(artifacts), database.transactions


@pytest.mark.parametrize(("count", "transactions"), [(0, []), (1, [1]), (99, [99]), (100, [99, 1]), (200, [99, 99, 2])])
def test_a_transaction_writes_at_most_99_new_artifacts_and_one_check(count: int, transactions: list[int]) -> None:
    summary, written = publish(*map(artifact, range(count)))

    assert summary == PublishSummary(created=count)
    assert written == transactions


def test_a_batch_ends_before_8_mib_of_definitions_are_exceeded() -> None:
    assert publish(*(artifact(number, 4 * MEBIBYTE) for number in range(4)))[1] == [2, 2]
    assert publish(artifact(0, 4 * MEBIBYTE), artifact(1, 4 * MEBIBYTE + 1), artifact(2))[1] == [1, 2]


def test_a_transaction_ends_before_2_mib_of_edges_are_exceeded() -> None:
    dependencies = [f"{number:03}-{'x' * 252}" for number in range(400)]
    edge = items.edge_size(items.edge_item("acme", artifact(0, 2, *dependencies).to_node(2, updated_at=1_780_000_000)))
    fitting = 2 * MEBIBYTE // edge

    assert 15 < fitting < 25, "the limit of writes is not the one that is reached"
    assert publish(*(artifact(number, 2, *dependencies) for number in range(fitting + 1)))[1] == [fitting, 1]


def test_an_artifact_larger_than_a_batch_is_written_alone() -> None:
    assert publish(artifact(0), artifact(1, 9 * MEBIBYTE), artifact(2))[1] == [1, 1, 1]


def test_an_artifact_that_occurs_again_starts_the_next_batch() -> None:
    assert publish(artifact(0), artifact(1), artifact(0), artifact(2))[1] == [2, 2]


def test_a_transaction_writes_artifacts_of_one_tenant() -> None:
    assert publish(artifact(0), artifact(1), artifact(0, tenant="other"), artifact(2))[1] == [2, 1, 1]


def test_the_bodies_of_superseded_revisions_are_kept_for_a_week() -> None:
    assert SUPERSEDED_BODY_RETENTION_SECONDS == 7 * 24 * 3600
