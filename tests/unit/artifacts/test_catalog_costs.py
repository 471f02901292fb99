"""When a catalog reads level by level, and when the whole tenant: whatever costs less (decision 0007)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import pytest

from installhub.artifacts import items
from installhub.artifacts.catalog import ArtifactTable
from installhub.model.artifact import ArtifactNode
from installhub.resolver.closure import discover
from tests.builders import node

MEBIBYTE = 1024 * 1024
LINKS = [f"link-{place}" for place in range(50)]
CHAIN = [node(first, second) for first, second in pairwise(LINKS)] + [node(LINKS[-1])]


@dataclass
class FakeDynamoDB:
    """A tenant with these artifacts, whose statistics tell of any size."""

    nodes: list[ArtifactNode]
    edge_bytes: int
    requests: list[str] = field(default_factory=list)

    def items(self) -> list[dict[str, Any]]:
        return [cast("dict[str, Any]", items.edge_item("acme", found)) for found in self.nodes]

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803  # boto3's name
        ((table, request),) = RequestItems.items()
        assert len(request["Keys"]) <= 100
        self.requests.append("batch")
        sort_keys = [key[items.SORT]["S"] for key in request["Keys"]]
        statistics: dict[str, Any] = {
            **items.primary_key("acme", items.STATISTICS_SORT_KEY),
            items.EDGE_COUNT: {"N": str(len(self.nodes))},
            items.EDGE_BYTES: {"N": str(self.edge_bytes)},
        }
        found = [item for item in [*self.items(), statistics] if item[items.SORT]["S"] in sort_keys]
        return {"Responses": {table: found}}

    def query(self, **_: object) -> dict[str, Any]:
        self.requests.append("query")
        return {"Items": self.items()}


def requests_for(nodes: list[ArtifactNode], edge_bytes: int) -> tuple[int, int]:
    """Return the numbers of batches and of queries that read the closure of the first of ``nodes``."""
    database = FakeDynamoDB(nodes, edge_bytes)
    catalog = ArtifactTable(cast("Any", database), "artifacts").for_tenant("acme")
    assert len(discover(catalog, [nodes[0].id], 50_000).nodes) == len(nodes)
    return database.requests.count("batch"), database.requests.count("query")


@pytest.mark.parametrize(
    ("edge_bytes", "expected"),
    [
        (5_000, (1, 1)),  # 10.6 units; a level of one artifact is a round trip of 10 units, and half a unit
        (MEBIBYTE - 8192, (13, 1)),  # 137 units
        (MEBIBYTE, (14, 1)),  # 148 units: the second page is another round trip
        (10 * MEBIBYTE, (50, 0)),  # 1,390 units
    ],
)
def test_levels_are_read_until_they_cost_more_than_the_whole_tenant(edge_bytes: int, expected: tuple[int, int]) -> None:
    assert requests_for(CHAIN, edge_bytes) == expected


@pytest.mark.parametrize(("children", "expected"), [(99, (2, 0)), (100, (3, 0)), (215, (4, 0)), (216, (1, 1))])
def test_a_level_costs_a_round_trip_per_99_artifacts_and_half_a_unit_for_each(
    children: int, expected: tuple[int, int]
) -> None:
    ids = [f"child-{number}" for number in range(children)]

    assert requests_for([node("root", *ids), *map(node, ids)], MEBIBYTE) == expected
