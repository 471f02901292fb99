"""Rows 1, 3 and 4: the cost of resolving, on DynamoDB Local."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from bench.database import ARTIFACTS, NAIVE, Database, Tenant
from bench.dynamodb import CallCounter, count_calls
from bench.harness import Outcome, at_most, log_progress, time_alternately
from bench.samples import LARGE, SMALL, chain
from installhub.artifacts.catalog import ArtifactTable
from installhub.model.artifact import ArtifactNode
from installhub.resolver.plan import Limits, make_plan

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LIMITS: Final = Limits(artifacts=1_000_000)


def run_requests(database: Database) -> list[Outcome]:
    """Measure row 1, in a process that has not resolved the root before, and in one that has."""
    line = Tenant("chain", chain(50))
    database.put_edges(ARTIFACTS, *line)
    cases = {
        "chain of 50": (line, 3),
        "layered, 5,000 nodes": (database.tenant(5_000, SMALL), 4),
        "layered, 10,000 nodes": (database.tenant(10_000, SMALL), 5),
    }
    outcomes = []
    for name, (tenant, bar) in cases.items():
        table = database.table
        for when in ("first time", "repeated"):
            count = count_calls_of(table.client, lambda: resolve(table, *tenant))  # noqa: B023  # called at once
            log_progress(f"{name}, {when}: {format_counts(count.requests)}")
            outcomes.append(
                at_most(
                    f"1 requests: {name}, {when}",
                    count.total,
                    bar,
                    f"{format_counts(count.requests)} for one root whose closure of {len(tenant.nodes):,} nodes and {tenant.edges:,} edges is "
                    "the whole tenant",
                )
            )
    return outcomes


def format_counts(requests: Mapping[str, int]) -> str:
    """Counts as text, such as ``1 BatchGetItem, 2 Query``."""
    return ", ".join(f"{count} {operation}" for operation, count in sorted(requests.items()))


def run_capacity(database: Database) -> list[Outcome]:
    """Measure row 3."""
    units: dict[tuple[int, int], float] = {}
    for count, size in ((5_000, SMALL), (5_000, LARGE), (10_000, SMALL)):
        tenant = database.tenant(count, size)
        units[count, size] = count_calls_of(database.client, lambda: resolve(database.table, *tenant)).read_units  # noqa: B023
        log_progress(f"{count:,} nodes with definitions of {size:,} bytes: {units[count, size]} read units")
    small, large, more = units[5_000, SMALL], units[5_000, LARGE], units[10_000, SMALL]
    return [
        at_most(
            "3 capacity: read units per node",
            max(small / 5_000, more / 10_000),
            0.06,
            f"{small} read units for 5,000 nodes, {more} for 10,000; the closure is the whole tenant",
        ),
        at_most(
            "3 capacity: 50 KB versus 1 KB definitions",
            max(small, large) / min(small, large),
            1.05,
            f"{large} read units with definitions of 50 KB, {small} with 1 KB, for 5,000 nodes",
        ),
    ]


def run_time(database: Database) -> list[Outcome]:
    """Measure row 4."""
    tenant = database.with_naive_table(5_000, LARGE)
    table = database.table
    for _ in range(4):  # warm up the JVM of DynamoDB Local
        resolve(table, *tenant)
    timed = time_alternately(
        {
            "ours": lambda: resolve(table, *tenant),
            "naive": lambda: naive_breadth_first(database.client, tenant),
        },
        3,
    )
    return [
        at_most(
            "4 resolving: time",
            timed.ratio("ours", "naive"),
            0.15,
            f"{timed.median('ours'):.2f} s for closure, order and problem detection, versus {timed.median('naive'):.2f} s "
            "for a breadth-first BatchGetItem of items that contain the definition (50 KB as a JSON string) and the "
            "dependencies; 5,000 nodes in 10 levels",
        )
    ]


def count_calls_of(client: DynamoDBClient, run: Callable[[], object]) -> CallCounter:
    """Count the calls of ``run``."""
    with count_calls(client, delay=0.01) as count:
        run()
    return count


def resolve(table: ArtifactTable, tenant: str, nodes: Sequence[ArtifactNode]) -> None:
    """Make the product's plan for the first of ``nodes``, whose closure contains all of them."""
    plan = make_plan(table.for_tenant(tenant), [nodes[0].id], LIMITS)
    if len(plan.install_order) != len(nodes):
        raise AssertionError(f"{len(plan.install_order)} instead of {len(nodes)} artifacts")


def naive_breadth_first(client: DynamoDBClient, tenant: Tenant) -> None:
    """Alternative: breadth-first over items of the naive table."""
    root = tenant.nodes[0].id
    seen, level = {root}, [root]
    while level:
        next_level: list[str] = []
        for start in range(0, len(level), 100):
            pending: Any = {
                NAIVE: {
                    "Keys": [{"tenant": {"S": tenant.name}, "id": {"S": found}} for found in level[start : start + 100]]
                }
            }
            while pending:
                response = client.batch_get_item(RequestItems=pending)
                pending = response.get("UnprocessedKeys")
                for item in response["Responses"][NAIVE]:
                    for dependency in item["dependencies"]["L"]:
                        if dependency["S"] not in seen:
                            seen.add(dependency["S"])
                            next_level.append(dependency["S"])
        level = next_level
    if len(seen) != len(tenant.nodes):
        raise AssertionError(f"{len(seen)} instead of {len(tenant.nodes)} artifacts")
