"""Row 2: the cost of resolving in tenants of many sizes, compared with two alternatives, on DynamoDB Local."""

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
"""Closures by size and depth."""
Figures = dict[str, float]
"""The cost of one method by :data:`METRICS`."""


class TenantLocation(NamedTuple):
    """The location of a tenant."""

    endpoint: str
    table: str
    tenant: str

    @property
    def artifacts(self) -> ArtifactTable:
        """The tenant's table, with empty caches."""
        return ArtifactTable(client_of(self.endpoint), self.table)


def run(database: Database) -> list[Outcome]:
    """Measure row 2. Nothing is timed, so the cells are measured in parallel, the largest tenants first."""
    pending: list[tuple[dict[str, Any], list[Future[dict[str, Figures]]]]] = []
    for size, location, graphs in reversed(list(_populate(database))):
        query = database.workers.submit(_by_query, location)
        for (closure, depth), graph in graphs.items():
            ways = [database.workers.submit(way, location, graph) for way in (_by_product, _by_level)]
            pending.append(({"tenant": size, "closure": closure, "depth": depth}, [query, *ways]))
    cells: list[dict[str, Any]] = []
    for shape, futures in pending:
        cells.append({**shape, **{way: figures for future in futures for way, figures in future.result().items()}})
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
        log_progress(f"wrote tenants of {size:,} artifacts")


def tenants(size: int) -> Iterable[tuple[str, Graphs]]:
    """Tenants of ``size`` artifacts with disjoint closures in them."""
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


def _by_product(location: TenantLocation, graph: Sequence[ArtifactNode]) -> dict[str, Figures]:
    """The product, for the first time in a process and repeated."""
    artifacts = location.artifacts
    return {
        way: _figures(count_calls_of(artifacts.client, lambda: resolve(artifacts, location.tenant, graph)))
        for way in ("first", "ours")
    }


def _by_level(location: TenantLocation, graph: Sequence[ArtifactNode]) -> dict[str, Figures]:
    artifacts = location.artifacts
    return {
        "levels": _figures(
            count_calls_of(artifacts.client, lambda: breadth_first(artifacts, location.tenant, graph[0].id))
        )
    }


def _by_query(location: TenantLocation) -> dict[str, Figures]:
    artifacts = location.artifacts
    count = count_calls_of(artifacts.client, lambda: whole_tenant(artifacts, location.tenant))
    return {"query": {**_figures(count), "rounds": count.total}}


def _figures(count: CallCounter) -> Figures:
    return dict(zip(METRICS, (count.total, count.rounds, count.read_units), strict=True))


def _describe(cell: dict[str, Any]) -> str:
    labels = {"first": "first time", "ours": "repeated", "levels": "by level", "query": "whole tenant"}
    costs = "; ".join(
        f"{label} {cell[way]['requests']} requests, {cell[way]['rounds']} rounds, {cell[way]['read units']:g} units"
        for way, label in labels.items()
    )
    return f"closure of {cell['closure']:,} at depth {cell['depth']} in a tenant of {cell['tenant']:,}: {costs}"


def _worst(cells: Sequence[dict[str, Any]], metric: str) -> Outcome:
    def ratio(cell: dict[str, Any]) -> float:
        return float(cell["ours"][metric] / min(cell["levels"][metric], cell["query"][metric]))

    worst = max(cells, key=ratio)
    kept = sum(ratio(cell) <= 2 for cell in cells)
    return at_most(
        f"2 grid: {metric}",
        ratio(worst),
        2.0,
        "in a process that has resolved the same root before, versus the alternative that is cheaper by this metric, "
        f"in the worst of {len(cells)} cells ({_describe(worst)}); at most 2 in {kept} cells",
    )


def _weighted(cells: Sequence[dict[str, Any]]) -> Outcome:
    """The weighted cost that the product minimises: a round trip counts as ten read units."""

    def cost(figures: dict[str, float]) -> float:
        return 10 * figures["rounds"] + figures["read units"]

    def ratio(cell: dict[str, Any]) -> float:
        return cost(cell["first"]) / min(cost(cell["levels"]), cost(cell["query"]))

    worst = max(cells, key=ratio)
    return at_most(
        "2 grid: weighted rounds and read units, first time",
        ratio(worst),
        2.1,
        "in a process with empty caches: read units plus ten per round, versus the cheaper alternative; decision 0007 promises "
        f"about twice; the worst: {_describe(worst)}",
    )


def breadth_first(table: ArtifactTable, tenant: str, root: str) -> None:
    """Alternative: BatchGetItem level by level, with all batches of a level in parallel."""

    def read(ids: Sequence[str]) -> list[Any]:
        keys: list[Any] = [items.primary_key(tenant, items.edge_sort_key(artifact_id)) for artifact_id in ids]
        response = table.client.batch_get_item(RequestItems={table.name: {"Keys": keys}})
        return response["Responses"][table.name]

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
    """Alternative: a Query of all the tenant's edges."""
    pages = table.client.get_paginator("query").paginate(
        TableName=table.name,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :edges)",
        ExpressionAttributeValues={":pk": {"S": items.partition_key(tenant)}, ":edges": {"S": items.EDGE_PREFIX}},
    )
    for page in pages:
        del page
