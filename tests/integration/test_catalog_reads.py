"""The number of requests for a resolution, and partial responses of DynamoDB."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pytest

from installhub.artifacts import items
from installhub.artifacts.batch_get import batch_get
from installhub.model.errors import ServiceUnavailableError
from installhub.resolver.closure import discover
from installhub.runtime import aws_errors
from tests.integration.support.artifact_inputs import artifact_input
from tests.integration.support.fake_catalog import node
from tests.integration.support.wire import NoFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from installhub.model.artifact import ArtifactNode
    from tests.integration.support.engines import CatalogTable
    from tests.integration.support.wire import Call, Parsed, Wire

READS: Final = ("BatchGetItem", "Query", "GetItem")


def store_edges(table: CatalogTable, tenant: str, nodes: Sequence[ArtifactNode]) -> None:
    """Store the edges and statistics of a tenant without definitions; faster than publishing."""
    edges = [items.edge_item(tenant, node) for node in nodes]
    for start in range(0, len(edges), 25):
        table.client.batch_write_item(
            RequestItems={table.name: [{"PutRequest": {"Item": edge}} for edge in edges[start : start + 25]]}
        )
    table.client.put_item(
        TableName=table.name,
        Item={
            **items.primary_key(tenant, items.STATISTICS_SORT_KEY),
            items.EDGE_COUNT: {"N": str(len(nodes))},
            items.EDGE_BYTES: {"N": str(sum(items.edge_size(edge) for edge in edges))},
        },
    )


def layered(count: int, layers: int, dependencies: int) -> list[ArtifactNode]:
    """Return a root and layers of equal size; every artifact depends on some of the next layer, all are reachable."""
    rng = random.Random(count)  # noqa: S311  # not cryptographic
    width = count // layers
    rows = [[f"artifact-{layer}-{place}" for place in range(width)] for layer in range(layers)]
    artifacts = [
        node(artifact_id, *{below[place], *rng.sample(below, dependencies - 1)})
        for row, below in pairwise(rows)
        for place, artifact_id in enumerate(row)
    ]
    return [node("root", *rows[0]), *artifacts, *(node(artifact_id) for artifact_id in rows[-1])]


def artifacts_found(table: CatalogTable, tenant: str, root: str) -> int:
    closure = discover(table.artifacts.for_tenant(tenant), [root], 50_000)
    assert not closure.missing
    return len(closure.nodes)


def test_a_chain_that_is_the_whole_tenant_is_not_walked_step_by_step(
    catalog_table: CatalogTable, catalog_wire: Wire
) -> None:
    links = [f"link-{place}" for place in range(50)]
    store_edges(catalog_table, "chain", [node(link, *links[place + 1 : place + 2]) for place, link in enumerate(links)])
    catalog_wire.clear()

    assert artifacts_found(catalog_table, "chain", "link-0") == 50
    assert catalog_wire.count(*READS) <= 3


@pytest.mark.parametrize(("count", "most_requests"), [(5_000, 4), (10_000, 5)])
def test_a_closure_that_is_a_whole_large_tenant_takes_few_requests(
    catalog_table: CatalogTable, catalog_wire: Wire, count: int, most_requests: int
) -> None:
    nodes = layered(count, layers=10, dependencies=4)
    store_edges(catalog_table, "large", nodes)
    catalog_wire.clear()

    assert artifacts_found(catalog_table, "large", "root") == count + 1
    assert catalog_wire.count(*READS) <= most_requests


def test_a_small_closure_in_a_large_tenant_is_read_level_by_level(
    catalog_table: CatalogTable, catalog_wire: Wire
) -> None:
    tree = [
        node("root", *(f"branch-{branch}" for branch in range(4))),
        *(node(f"branch-{branch}", f"leaf-{branch}") for branch in range(4)),
        *(node(f"leaf-{branch}") for branch in range(4)),
    ]
    store_edges(catalog_table, "wide", [*tree, *(node(f"other-{place}") for place in range(3_000))])
    catalog_wire.clear()

    assert artifacts_found(catalog_table, "wide", "root") == 9
    assert [call.operation for call in catalog_wire.calls] == ["BatchGetItem"] * 3


def test_many_roots_are_not_read_key_by_key_when_the_tenant_is_small(
    catalog_table: CatalogTable, catalog_wire: Wire
) -> None:
    nodes = [node(f"root-{place}") for place in range(1_000)]
    store_edges(catalog_table, "rooted", nodes)
    catalog_wire.clear()

    found = catalog_table.artifacts.for_tenant("rooted").nodes([node.id for node in nodes])

    assert len(found) == 1_000
    assert catalog_wire.count(*READS) <= 4


def test_publishing_updates_the_statistics(catalog_table: CatalogTable) -> None:
    inputs = [artifact_input(f"rule-{place}", f"rule-{place + 1}", tenant="counted") for place in range(40)]
    catalog_table.publish(inputs)
    catalog_table.publish(inputs)

    stored = catalog_table.artifacts.for_tenant("counted").all_nodes()
    edges = [items.edge_item("counted", node) for node in stored]
    key = items.primary_key("counted", items.STATISTICS_SORT_KEY)
    summary = catalog_table.client.get_item(TableName=catalog_table.name, Key=key)["Item"]

    assert summary[items.EDGE_COUNT] == {"N": "40"}
    assert summary[items.EDGE_BYTES] == {"N": str(sum(map(items.edge_size, edges)))}


class PartialBatches(NoFault):
    """Limits ``responses`` batches to ``max_items`` items and returns the other keys as unprocessed."""

    def __init__(self, table: str, max_items: int, responses: int) -> None:
        self._table = table
        self._max_items = max_items
        self._responses = responses

    def after(self, call: Call, response: Parsed) -> None:
        if call.operation != "BatchGetItem" or call.number > self._responses:
            return
        found: list[dict[str, Any]] = response["Responses"][self._table]
        unprocessed = [{key: item[key] for key in (items.PARTITION, items.SORT)} for item in found[self._max_items :]]
        del found[self._max_items :]
        response["UnprocessedKeys"] = {self._table: {"Keys": unprocessed}} if unprocessed else {}


@pytest.fixture
def hundred_keys(catalog_table: CatalogTable, catalog_wire: Wire) -> list[Any]:
    """The keys of 100 artifacts."""
    store_edges(catalog_table, "hundred", [node(f"artifact-{place}") for place in range(100)])
    catalog_wire.clear()
    return [items.primary_key("hundred", items.edge_sort_key(f"artifact-{place}")) for place in range(100)]


@pytest.mark.usefixtures("no_waiting")
def test_unprocessed_keys_are_requested_until_all_are_read(
    catalog_table: CatalogTable, catalog_wire: Wire, hundred_keys: list[Any]
) -> None:
    catalog_wire.fault = PartialBatches(catalog_table.name, max_items=7, responses=1_000)

    found = batch_get(catalog_table.client, catalog_table.name, hundred_keys, consistent=False)

    assert len({item[items.ID]["S"] for item in found}) == len(found) == 100
    assert catalog_wire.count("BatchGetItem") == 15


def test_a_batch_without_progress_for_a_while_is_retried(
    catalog_table: CatalogTable, catalog_wire: Wire, hundred_keys: list[Any], no_waiting: list[float]
) -> None:
    catalog_wire.fault = PartialBatches(catalog_table.name, max_items=0, responses=5)

    assert len(batch_get(catalog_table.client, catalog_table.name, hundred_keys, consistent=False)) == 100
    assert len(no_waiting) == 5


def test_a_batch_without_progress_fails_soon(
    catalog_table: CatalogTable, catalog_wire: Wire, hundred_keys: list[Any], no_waiting: list[float]
) -> None:
    catalog_wire.fault = PartialBatches(catalog_table.name, max_items=0, responses=1_000)

    with pytest.raises(ServiceUnavailableError):
        batch_get(catalog_table.client, catalog_table.name, hundred_keys, consistent=False)

    assert catalog_wire.count("BatchGetItem") <= 10
    assert sum(no_waiting) < 10


def test_waits_grow_and_are_random_and_bounded(no_waiting: list[float]) -> None:
    for attempt in range(1, 30):
        for _ in range(20):
            aws_errors.sleep_before_retry(attempt)

    assert max(no_waiting[:20]) <= 0.1
    assert max(no_waiting) <= 2.0
    assert len(set(no_waiting)) > 500


def test_an_id_is_requested_once_even_if_it_does_not_exist(catalog_table: CatalogTable, catalog_wire: Wire) -> None:
    store_edges(catalog_table, "acme", [node("a"), *(node(f"other-{number}") for number in range(500))])
    catalog = catalog_table.artifacts.for_tenant("acme")
    catalog_wire.clear()

    assert [set(catalog.nodes(["a", "missing"])) for _ in range(3)] == [{"a"}] * 3
    assert catalog_wire.count(*READS) == 1
