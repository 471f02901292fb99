"""A catalog reads as consistently as its request asks for, whichever way it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

from installhub.artifacts import items
from installhub.artifacts.catalog import ArtifactTable
from installhub.resolver.closure import discover
from tests.builders import node

LINKS = [f"link-{place}" for place in range(50)]
EDGES = [items.edge_item("chain", node(first, second)) for first, second in pairwise(LINKS)]
EDGES.append(items.edge_item("chain", node(LINKS[-1])))


@dataclass
class FakeDynamoDB:
    """A tenant whose artifacts are a chain, so that levels are read first and then all edges."""

    reads: list[tuple[str, bool]] = field(default_factory=list)

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803  # boto3's name
        ((table, request),) = RequestItems.items()
        self.reads.append(("batch", request["ConsistentRead"]))
        sort_keys = {key[items.SORT]["S"] for key in request["Keys"]}
        statistics = {
            **items.primary_key("chain", items.STATISTICS_SORT_KEY),
            items.EDGE_COUNT: {"N": str(len(EDGES))},
            items.EDGE_BYTES: {"N": "5000"},
        }
        found = [item for item in [*EDGES, statistics] if cast("Any", item)[items.SORT]["S"] in sort_keys]
        return {"Responses": {table: found}}

    def query(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        self.reads.append(("query", request["ConsistentRead"]))
        return {"Items": EDGES}


def reads(*, consistent: bool) -> set[tuple[str, bool]]:
    database = FakeDynamoDB()
    catalog = ArtifactTable(cast("Any", database), "artifacts").for_tenant("chain", consistent=consistent)
    assert len(discover(catalog, [LINKS[0]], 50_000).nodes) == len(LINKS)
    return set(database.reads)


def test_a_consistent_catalog_reads_consistently() -> None:
    assert reads(consistent=True) == {("batch", True), ("query", True)}


def test_any_other_catalog_reads_eventually_consistently() -> None:
    assert reads(consistent=False) == {("batch", False), ("query", False)}
