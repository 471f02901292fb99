"""The read cache: repeated walks take fewer requests and always return the current artifacts."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from installhub.artifacts import items
from installhub.artifacts.catalog import ArtifactTable
from installhub.resolver.closure import discover
from tests.integration.support.fake_catalog import node
from tests.integration.test_catalog_reads import READS, artifacts_found, layered, store_edges

if TYPE_CHECKING:
    from installhub.model.artifact import ArtifactNode
    from tests.integration.support.engines import CatalogTable
    from tests.integration.support.wire import Wire


def chain(length: int) -> list[ArtifactNode]:
    links = [f"link-{place}" for place in range(length)]
    return [node(link, *links[place + 1 : place + 2]) for place, link in enumerate(links)]


def test_a_deep_closure_in_a_large_tenant_takes_one_request_the_second_time(
    catalog_table: CatalogTable, catalog_wire: Wire
) -> None:
    store_edges(catalog_table, "deep", [*chain(20), *(node(f"other-{place}") for place in range(3_000))])
    assert artifacts_found(catalog_table, "deep", "link-0") == 20
    catalog_wire.clear()

    assert artifacts_found(catalog_table, "deep", "link-0") == 20
    assert catalog_wire.count(*READS) == 1


def test_the_pages_of_a_large_tenant_are_read_in_parallel_the_second_time(
    catalog_table: CatalogTable, catalog_wire: Wire
) -> None:
    store_edges(catalog_table, "large", layered(2_000, layers=4, dependencies=60))
    artifacts_found(catalog_table, "large", "root")
    ends = catalog_table.artifacts.cache.statistics("large").page_ends
    assert ends
    catalog_wire.clear()

    assert artifacts_found(catalog_table, "large", "root") == 2_001
    assert catalog_wire.count(*READS) == len(ends) + 1


def test_a_tenant_that_has_grown_is_still_read_completely(catalog_table: CatalogTable) -> None:
    nodes = layered(2_000, layers=4, dependencies=60)
    store_edges(catalog_table, "grown", nodes)
    for _ in range(2):
        artifacts_found(catalog_table, "grown", "root")
    grown = [node("root", "artifact-new", *nodes[0].dependencies), *nodes[1:], *(node(f"more-{n}") for n in range(500))]
    store_edges(catalog_table, "grown", [*grown, node("artifact-new")])

    assert artifacts_found(catalog_table, "grown", "root") == 2_002
    assert catalog_table.artifacts.cache.statistics("grown").edges == 2_502


@pytest.mark.parametrize("seed", range(8))
def test_with_any_cache_a_walk_finds_the_current_artifacts(catalog_table: CatalogTable, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # not cryptographic
    names = [f"artifact-{place}" for place in range(30)]
    tenant = f"edited-{seed}"
    store_edges(catalog_table, tenant, [node(name) for name in names])
    for _ in range(12):
        for name in rng.sample(names, 6):
            sort_key = items.edge_sort_key(name)
            if rng.random() < 0.2:
                catalog_table.client.delete_item(TableName=catalog_table.name, Key=items.primary_key(tenant, sort_key))
            else:
                changed = node(name, *rng.sample(names, rng.randrange(4)))
                catalog_table.client.put_item(TableName=catalog_table.name, Item=items.edge_item(tenant, changed))
        roots = rng.sample(names[:4], 2)
        found = discover(catalog_table.artifacts.for_tenant(tenant), roots, 50_000)
        fresh = discover(ArtifactTable(catalog_table.client, catalog_table.name).for_tenant(tenant), roots, 50_000)
        assert found == fresh


def test_tenants_do_not_share_cached_walks(catalog_table: CatalogTable) -> None:
    store_edges(catalog_table, "mine", chain(5))
    store_edges(catalog_table, "yours", [node("link-0")])
    assert artifacts_found(catalog_table, "mine", "link-0") == 5
    assert artifacts_found(catalog_table, "yours", "link-0") == 1
