"""A request reads a single revision of an artifact, even if another is published concurrently."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from installhub.artifacts import items
from tests.integration.support.fake_catalog import node
from tests.integration.test_catalog_reads import store_edges
from tests.integration.test_read_cache import chain

if TYPE_CHECKING:
    from tests.integration.support.engines import CatalogTable
    from tests.integration.support.wire import Wire


@pytest.mark.parametrize("consistent", [False, True])
def test_an_artifact_updated_between_level_and_tenant_reads_keeps_its_first_revision(
    catalog_table: CatalogTable, catalog_wire: Wire, *, consistent: bool
) -> None:
    links = chain(50)
    store_edges(catalog_table, "edited", links)
    catalog = catalog_table.artifacts.for_tenant("edited", consistent=consistent)
    read_first = catalog.nodes(["link-0"])
    later = node("link-0", "link-9")
    catalog_table.client.put_item(TableName=catalog_table.name, Item=items.edge_item("edited", later))

    rest = catalog.nodes([link.id for link in links[1:]])

    assert [call.operation for call in catalog_wire.calls][-1] == "Query"
    assert rest.keys() == {link.id for link in links[1:]}
    assert read_first == catalog.nodes(["link-0"]) == {"link-0": links[0]}
    assert catalog_table.artifacts.for_tenant("edited").nodes(["link-0"]) == {"link-0": later}
