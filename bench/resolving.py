"""Rows 1 to 4: what resolving costs, on DynamoDB Local."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from bench import dynamodb
from bench.dynamodb import Count, counting
from bench.harness import Outcome, at_most, save, say, side_by_side
from bench.samples import chain, definitions, layered, node
from installhub.artifacts import ArtifactNode
from installhub.catalog import ArtifactTable, items
from installhub.resolver import Limits, make_plan

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LIMITS: Final = Limits(artifacts=1_000_000)
CLOSURES: Final = (5, 50, 500, 5_000)
DEPTHS: Final = (2, 10, 50)
TENANTS: Final = (100, 1_000, 10_000, 100_000)
METRICS: Final = ("requests", "rounds", "read units")


def run_requests() -> list[Outcome]:
    """Row 1: for a process that has resolved the same root before, and for one that has not."""
    graphs = {
        "chain of 50": (chain(50), 3),
        "layered, 5,000 nodes": (layered(5_000, 10, first=1_000), 4),
        "layered, 10,000 nodes": (layered(10_000, 10, first=10_000), 5),
    }
    outcomes = []
    with dynamodb.server() as endpoint:
        client = dynamodb.client(endpoint)
        table = dynamodb.artifact_table(client, "artifacts")
        for name, (nodes, bar) in graphs.items():
            dynamodb.put_edges(table, name, nodes)
            edges = sum(len(found.dependencies) for found in nodes)
            for when in ("the first time", "again"):
                count = counted(client, lambda: resolve(table, name, nodes))  # noqa: B023  # called at once
                say(f"{name}, {when}: {told(count.requests)}")
                outcomes.append(
                    at_most(
                        f"1 requests: {name}, {when}",
                        count.total,
                        bar,
                        f"{told(count.requests)} for one root whose closure of {len(nodes):,} nodes and {edges:,} edges is "
                        "the whole tenant",
                    )
                )
    return outcomes


def told(requests: Mapping[str, int]) -> str:
    """``1 BatchGetItem, 2 Query``."""
    return ", ".join(f"{count} {operation}" for operation, count in sorted(requests.items()))


def run_capacity() -> list[Outcome]:
    """Row 3."""
    units: dict[tuple[int, int], float] = {}
    with dynamodb.server() as endpoint:
        client = dynamodb.client(endpoint)
        table = dynamodb.artifact_table(client, "artifacts")
        for count, size in ((5_000, 1_000), (5_000, 50_000), (10_000, 1_000)):
            tenant = f"{count}-{size}"
            nodes = dynamodb.put_artifacts(table, tenant, layered(count, 10), definitions(10, size))
            units[count, size] = counted(client, lambda: resolve(table, tenant, nodes)).read_units  # noqa: B023
            say(f"{count:,} nodes with definitions of {size:,} bytes: {units[count, size]} read units")
    small, large, more = units[5_000, 1_000], units[5_000, 50_000], units[10_000, 1_000]
    return [
        at_most(
            "3 capacity: units a node",
            max(small / 5_000, more / 10_000),
            0.06,
            f"{small} read units for 5,000 nodes, {more} for 10,000; the closure is the tenant",
        ),
        at_most(
            "3 capacity: 50 KB against 1 KB definitions",
            max(small, large) / min(small, large),
            1.05,
            f"{large} read units with definitions of 50 KB, {small} with 1 KB, for 5,000 nodes",
        ),
    ]


def run_time() -> list[Outcome]:
    """Row 4."""
    with dynamodb.server() as endpoint:
        client = dynamodb.client(endpoint)
        table = dynamodb.artifact_table(client, "artifacts")
        bodies = definitions(20, 50_000)
        nodes = dynamodb.put_artifacts(table, dynamodb.TENANT, layered(5_000, 10), bodies)
        put_whole(client, nodes, bodies)
        for _ in range(4):  # Java takes a while to compile what it runs often
            resolve(table, dynamodb.TENANT, nodes)
        timed = side_by_side(
            {
                "ours": lambda: resolve(table, dynamodb.TENANT, nodes),
                "whole items": lambda: whole_items(client, nodes[0].id),
            },
            3,
        )
    return [
        at_most(
            "4 resolving: time",
            timed.ratio("ours", "whole items"),
            0.15,
            f"{timed.median('ours'):.2f} s for closure, order and problems against {timed.median('whole items'):.2f} s of a "
            "breadth-first BatchGetItem of items that hold the definition (50 KB as a JSON text) beside the "
            "dependencies; 5,000 nodes in 10 levels",
        )
    ]


def run_grid() -> list[Outcome]:
    """Row 2."""
    cells: list[dict[str, Any]] = []
    with dynamodb.server() as endpoint:
        client = dynamodb.client(endpoint)
        for size in TENANTS:
            table = ArtifactTable(client, f"tenants-of-{size}")
            dynamodb.make_edge_table(client, table.name)
            for tenant, graphs in tenants(size):
                nodes = [found for graph in graphs.values() for found in graph]
                filler = range(10**7, 10**7 + size - len(nodes))
                dynamodb.put_edges(table, tenant, [*nodes, *(node(number, []) for number in filler)])
                query = counted(client, lambda: whole_tenant(table, tenant))  # noqa: B023
                query.rounds = query.total
                for (closure, depth), graph in graphs.items():
                    cells.append(
                        _cell(table, tenant, graph, query) | {"closure": closure, "depth": depth, "tenant": size}
                    )
                    say(_described(cells[-1]))
    save("grid", cells)
    return [_worst(cells, metric) for metric in METRICS] + [_as_a_whole(cells)]


def tenants(size: int) -> Iterable[tuple[str, dict[tuple[int, int], list[ArtifactNode]]]]:
    """Tenants of ``size`` artifacts and the closures within them, which share nothing."""
    graphs: dict[tuple[int, int], list[ArtifactNode]] = {}
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


def _cell(table: ArtifactTable, tenant: str, graph: Sequence[ArtifactNode], query: Count) -> dict[str, Any]:
    table = ArtifactTable(table.client, table.name)  # a process that has not read anything
    first = counted(table.client, lambda: resolve(table, tenant, graph))
    ours = counted(table.client, lambda: resolve(table, tenant, graph))
    levels = counted(table.client, lambda: breadth_first(table, tenant, graph[0].id))
    return {
        way: {"requests": count.total, "rounds": count.rounds, "read units": count.read_units}
        for way, count in (("first", first), ("ours", ours), ("levels", levels), ("query", query))
    }


def _described(cell: dict[str, Any]) -> str:
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
        f"in the worst of {len(cells)} cells ({_described(worst)}); at most 2 in {kept}",
    )


def _as_a_whole(cells: Sequence[dict[str, Any]]) -> Outcome:
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
        f"against the cheaper of the two ways; the worst: {_described(worst)}",
    )


def counted(client: DynamoDBClient, run: Callable[[], object]) -> Count:
    """What ``run`` costs."""
    with counting(client) as count:
        run()
    return count


def resolve(table: ArtifactTable, tenant: str, nodes: Sequence[ArtifactNode]) -> None:
    """The product's plan for the closure of the first of ``nodes``, which all of them are part of."""
    plan = make_plan(table.tenant(tenant), [nodes[0].id], LIMITS)
    if len(plan.install_order) != len(nodes):
        raise AssertionError(f"{len(plan.install_order)} instead of {len(nodes)} artifacts")


def breadth_first(table: ArtifactTable, tenant: str, root: str) -> None:
    """Peer: a wave of BatchGetItem for each level, all of a level at once."""

    def read(ids: Sequence[str]) -> list[Any]:
        keys: list[Any] = [items.key_of(tenant, items.edge_sort_key(artifact_id)) for artifact_id in ids]
        answer = table.client.batch_get_item(RequestItems={table.name: {"Keys": keys}})
        return answer["Responses"][table.name]

    seen, level = {root}, [root]
    with ThreadPoolExecutor(8) as pool:
        while level:
            batches = [level[start : start + 100] for start in range(0, len(level), 100)]
            level = []
            for found in pool.map(read, batches):
                for item in found:
                    for dependency in items.node_of(item).dependencies:
                        if dependency not in seen:
                            seen.add(dependency)
                            level.append(dependency)


def whole_tenant(table: ArtifactTable, tenant: str) -> None:
    """Peer: a Query of all the tenant's edges."""
    pages = table.client.get_paginator("query").paginate(
        TableName=table.name,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :edges)",
        ExpressionAttributeValues={":pk": {"S": items.partition_of(tenant)}, ":edges": {"S": items.EDGE_PREFIX}},
    )
    for page in pages:
        del page


def put_whole(client: DynamoDBClient, nodes: Sequence[ArtifactNode], bodies: Sequence[bytes]) -> None:
    """The table people would make: an item an artifact, its definition a JSON text."""
    client.create_table(
        TableName="whole",
        KeySchema=[{"AttributeName": "tenant", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "tenant", "AttributeType": "S"},
            {"AttributeName": "id", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    texts = [body.decode() for body in bodies]
    whole: Any = (
        {
            "tenant": {"S": dynamodb.TENANT},
            "id": {"S": found.id},
            "type": {"S": found.type.value},
            "name": {"S": found.name},
            "dependencies": {"L": [{"S": dependency} for dependency in found.dependencies]},
            "definition": {"S": texts[number % len(texts)]},
        }
        for number, found in enumerate(nodes)
    )
    dynamodb.put_items(client, "whole", whole)


def whole_items(client: DynamoDBClient, root: str) -> None:
    """Peer: breadth-first over whole items."""
    seen, level = {root}, [root]
    while level:
        following: list[str] = []
        for start in range(0, len(level), 100):
            pending: Any = {
                "whole": {
                    "Keys": [
                        {"tenant": {"S": dynamodb.TENANT}, "id": {"S": found}} for found in level[start : start + 100]
                    ]
                }
            }
            while pending:
                answer = client.batch_get_item(RequestItems=pending)
                pending = answer.get("UnprocessedKeys")
                for item in answer["Responses"]["whole"]:
                    for dependency in item["dependencies"]["L"]:
                        if dependency["S"] not in seen:
                            seen.add(dependency["S"])
                            following.append(dependency["S"])
        level = following
    if len(seen) != 5_000:
        raise AssertionError(f"{len(seen)} artifacts")
