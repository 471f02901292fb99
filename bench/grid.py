"""Row 2: what resolving costs in big tenants, against the cheaper of two ways, on DynamoDB Local."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from bench.database import Database, client_of, create_edge_table
from bench.dynamodb import CallCounter
from bench.harness import Outcome, at_most, log_progress, save_figures
from bench.resolving import count_calls_of, resolve
from bench.samples import layered, node
from installhub.artifacts import items
from installhub.artifacts.catalog import ArtifactTable
from installhub.model.artifact import ArtifactNode

CLOSURES: Final = (5, 50, 500, 5_000)
DEPTHS: Final = (2, 10, 50)
TENANTS: Final = (100, 1_000, 10_000, 100_000)
METRICS: Final = ("requests", "rounds", "read units")

Graphs = dict[tuple[int, int], list[ArtifactNode]]
"""Closures by their size and depth."""
Figures = dict[str, float]
"""What one way costs, by :data:`METRICS`."""


class TenantLocation(NamedTuple):
    """Where a tenant is."""

    endpoint: str
    table: str
    tenant: str

    @property
    def artifacts(self) -> ArtifactTable:
        """Its table, as a process sees it that has not read anything yet."""
        return ArtifactTable(client_of(self.endpoint), self.table)


def run(database: Database) -> list[Outcome]:
    """All of row 2. Nothing is timed, so that the database's helpers do it side by side, the largest tenants first."""
    begun: list[tuple[dict[str, Any], list[Future[dict[str, Figures]]]]] = []
    for size, place, graphs in reversed(list(_populate(database))):
        query = database.workers.submit(_by_query, place)
        for (closure, depth), graph in graphs.items():
            ways = [database.workers.submit(way, place, graph) for way in (_by_product, _by_level)]
            begun.append(({"tenant": size, "closure": closure, "depth": depth}, [query, *ways]))
    cells: list[dict[str, Any]] = []
    for shape, looks in begun:
        cells.append({**shape, **{way: figures for look in looks for way, figures in look.result().items()}})
        log_progress(_describe(cells[-1]))
    cells.sort(key=lambda cell: (cell["tenant"], cell["depth"], cell["closure"]))
    save_figures("grid", cells)
    return [_worst(cells, metric) for metric in METRICS] + [_weighted(cells)]


def _populate(database: Database) -> Iterable[tuple[int, TenantLocation, Graphs]]:
    for size in TENANTS:
        table = f"tenants-of-{size}"
        create_edge_table(database.client, table)
        for tenant, graphs in tenants(size):
            nodes = [found for graph in graphs.values() for found in graph]
            filler = range(10**7, 10**7 + size - len(nodes))
            database.put_edges(table, tenant, [*nodes, *(node(number, []) for number in filler)])
            yield size, TenantLocation(database.endpoint, table, tenant), graphs
        log_progress(f"tenants of {size:,} artifacts written")


def tenants(size: int) -> Iterable[tuple[str, Graphs]]:
    """Tenants of ``size`` artifacts and the closures within them, which share nothing."""
    graphs: Graphs = {}
    first, number = 0, 0
    for depth in DEPTHS:
        for closure in CLOSURES:
            if closure > size or depth > closure:
                continue
            if first + closure > size:
                yield f"tenant-{number}", graphs
                graphs, first, number = {}, 0, number + 1
            graphs[closure, depth] = layered(closure, depth, first=first, seed=depth)
            first += closure
    yield f"tenant-{number}", graphs


def _by_product(place: TenantLocation, graph: Sequence[ArtifactNode]) -> dict[str, Figures]:
    """The product in a process that has not read anything, and in one that has."""
    artifacts = place.artifacts
    return {
        way: _figures(count_calls_of(artifacts.client, lambda: resolve(artifacts, place.tenant, graph)))
        for way in ("first", "ours")
    }


def _by_level(place: TenantLocation, graph: Sequence[ArtifactNode]) -> dict[str, Figures]:
    artifacts = place.artifacts
    return {
        "levels": _figures(
            count_calls_of(artifacts.client, lambda: breadth_first(artifacts, place.tenant, graph[0].id))
        )
    }


def _by_query(place: TenantLocation) -> dict[str, Figures]:
    artifacts = place.artifacts
    count = count_calls_of(artifacts.client, lambda: whole_tenant(artifacts, place.tenant))
    return {"query": {**_figures(count), "rounds": count.total}}


def _figures(count: CallCounter) -> Figures:
    return dict(zip(METRICS, (count.total, count.rounds, count.read_units), strict=True))


def _describe(cell: dict[str, Any]) -> str:
    ways = "; ".join(
        f"{way} {cell[way]['requests']} requests, {cell[way]['rounds']} rounds, {cell[way]['read units']:g} units"
        for way in ("first", "ours", "levels", "query")
    )
    return f"closure of {cell['closure']:,} at depth {cell['depth']} in {cell['tenant']:,}: {ways}"


def _worst(cells: Sequence[dict[str, Any]], metric: str) -> Outcome:
    def ratio(cell: dict[str, Any]) -> float:
        return float(cell["ours"][metric] / min(cell["levels"][metric], cell["query"][metric]))

    worst = max(cells, key=ratio)
    kept = sum(ratio(cell) <= 2 for cell in cells)
    return at_most(
        f"2 grid: {metric}",
        ratio(worst),
        2.0,
        "of a process that has resolved the same root before, against the one of the two ways that is cheaper by this figure, "
        f"in the worst of {len(cells)} cells ({_describe(worst)}); at most 2 in {kept}",
    )


def _weighted(cells: Sequence[dict[str, Any]]) -> Outcome:
    """The figures weighed together, as the product does: a wait for the network is worth ten read units."""

    def cost(figures: dict[str, float]) -> float:
        return 10 * figures["rounds"] + figures["read units"]

    def ratio(cell: dict[str, Any]) -> float:
        return cost(cell["first"]) / min(cost(cell["levels"]), cost(cell["query"]))

    worst = max(cells, key=ratio)
    return at_most(
        "2 grid: rounds and read units together, the first time",
        ratio(worst),
        2.1,
        "of a process that knows nothing yet; what decision 0007 promises, about twice: read units and ten for each round, "
        f"against the cheaper of the two ways; the worst: {_describe(worst)}",
    )


def breadth_first(table: ArtifactTable, tenant: str, root: str) -> None:
    """Peer: a wave of BatchGetItem for each level, all of a level at once."""

    def read(ids: Sequence[str]) -> list[Any]:
        keys: list[Any] = [items.primary_key(tenant, items.edge_sort_key(artifact_id)) for artifact_id in ids]
        answer = table.client.batch_get_item(RequestItems={table.name: {"Keys": keys}})
        return answer["Responses"][table.name]

    seen, level = {root}, [root]
    with ThreadPoolExecutor(8) as pool:
        while level:
            batches = [level[start : start + 100] for start in range(0, len(level), 100)]
            level = []
            for found in pool.map(read, batches):
                for item in found:
                    for dependency in items.node_from_item(item).dependencies:
                        if dependency not in seen:
                            seen.add(dependency)
                            level.append(dependency)


def whole_tenant(table: ArtifactTable, tenant: str) -> None:
    """Peer: a Query of all the tenant's edges."""
    pages = table.client.get_paginator("query").paginate(
        TableName=table.name,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :edges)",
        ExpressionAttributeValues={":pk": {"S": items.partition_key(tenant)}, ":edges": {"S": items.EDGE_PREFIX}},
    )
    for page in pages:
        del page
