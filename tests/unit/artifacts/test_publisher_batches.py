"""How many artifacts the publisher writes in one transaction, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from installhub.artifacts import items
from installhub.artifacts.publisher import SUPERSEDED_BODY_RETENTION_SECONDS, Publisher, PublishSummary
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
        sort_keys = [write["Put"]["Item"][items.SORT]["S"] for write in TransactItems]
        self.transactions.append(sum(key.startswith(items.EDGE_PREFIX) for key in sort_keys))

    def update_item(self, **_: object) -> dict[str, Any]:
        return {"Attributes": {}}


def artifact(number: int, size: int = 2, *dependencies: str, tenant: str = "acme") -> ArtifactInput:
    definition = b'"' + b"x" * (size - 2) + b'"'
    status = ArtifactStatus.PUBLISHED
    return ArtifactInput(tenant, f"rule-{number}", ArtifactType.RULE_SET, "Rule", status, dependencies, definition)


def publish(*artifacts: ArtifactInput) -> tuple[PublishSummary, list[int]]:
    """Publish; return the summary, and the number of artifacts in each transaction."""
    database = FakeDynamoDB()
    publisher = Publisher(cast("Any", database), cast("Any", None), "artifacts", "definitions")
    return publisher.publish(artifacts), database.transactions


@pytest.mark.parametrize(("count", "transactions"), [(0, []), (1, [1]), (33, [33]), (34, [33, 1]), (70, [33, 33, 4])])
def test_a_transaction_writes_at_most_33_artifacts(count: int, transactions: list[int]) -> None:
    summary, written = publish(*map(artifact, range(count)))

    assert summary == PublishSummary(created=count)
    assert written == transactions


def test_a_transaction_ends_before_2_mib_of_definitions_and_dependencies_are_exceeded() -> None:
    half = [artifact(number, MEBIBYTE) for number in range(4)]

    assert publish(*half)[1] == [2, 2]
    assert publish(artifact(0, MEBIBYTE), artifact(1, MEBIBYTE + 1), artifact(2))[1] == [1, 2]
    assert publish(artifact(0, MEBIBYTE, "a" * 9), artifact(1, MEBIBYTE - 40), artifact(2))[1] == [2, 1]
    assert publish(artifact(0, MEBIBYTE, "a" * 9), artifact(1, MEBIBYTE - 39))[1] == [1, 1]


def test_an_artifact_larger_than_a_batch_is_written_alone() -> None:
    assert publish(artifact(0), artifact(1, 3 * MEBIBYTE), artifact(2))[1] == [1, 1, 1]


def test_a_transaction_writes_artifacts_of_one_tenant() -> None:
    assert publish(artifact(0), artifact(1), artifact(0, tenant="other"), artifact(2))[1] == [2, 1, 1]


def test_the_bodies_of_superseded_revisions_are_kept_for_a_week() -> None:
    assert SUPERSEDED_BODY_RETENTION_SECONDS == 7 * 24 * 3600
