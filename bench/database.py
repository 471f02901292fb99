"""Sample tenants on DynamoDB Local, written once and shared by several topics."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import islice
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from bench import dynamodb
from bench.harness import log_progress
from bench.samples import definitions, layered, with_definitions
from installhub.artifacts import items
from installhub.artifacts.catalog import ArtifactTable
from installhub.model.artifact import ArtifactNode
from tests.template import table_request

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.runtime.dynamodb import NewItem

ARTIFACTS: Final = "artifacts"
PACKAGES: Final = "packages"
NAIVE: Final = "whole"
DEPTH: Final = 10
_DEFINITIONS: Final = 100  # distinct definitions, assigned to artifacts in turn
_BATCH_SIZE: Final = 25  # the limit of BatchWriteItem
_ITEMS_PER_TASK: Final = 500  # items that a worker writes per task


client_of = cache(dynamodb.client)
"""The client for an endpoint, one per process."""


class Tenant(NamedTuple):
    """A tenant whose artifacts are all in the closure of the first.

    Attributes:
        name: The tenant's id.
        nodes: The artifacts, root first, with the digests of their definitions.
    """

    name: str
    nodes: Sequence[ArtifactNode]

    @property
    def edges(self) -> int:
        """Number of dependencies."""
        return sum(len(node.dependencies) for node in self.nodes)

    @property
    def packed(self) -> int:
        """Size of the packed definitions in bytes."""
        return sum(node.packed_size for node in self.nodes)


class Database:
    """The template's tables, filled with tenants on request.

    Attributes:
        endpoint: URL of DynamoDB Local.
        client: A client for it.
        workers: Processes for work that is not timed, since more threads do not make boto3 faster.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.client = client_of(endpoint)
        self.workers = ProcessPoolExecutor(os.cpu_count(), get_context("spawn"))
        self._tenants: dict[str, Tenant] = {}
        self._in_naive_table: set[str] = set()

    def __enter__(self) -> Self:
        create_table(self.client, "ArtifactsTable", ARTIFACTS)
        create_table(self.client, "PackagesTable", PACKAGES)
        create_naive_table(self.client)
        return self

    def __exit__(self, *_: object) -> None:
        self.workers.shutdown(cancel_futures=True)

    @property
    def table(self) -> ArtifactTable:
        """The artifacts table, with empty caches."""
        return ArtifactTable(self.client, ARTIFACTS)

    def tenant(self, count: int, size: int, edges_each: int = 4) -> Tenant:
        """A tenant of ``count`` artifacts in ten levels with definitions of about ``size`` bytes, as the publisher stores them."""
        name = f"{count}-{edges_each}-{size}"
        if name not in self._tenants:
            nodes = layered(count, DEPTH, edges_each)
            self._tenants[name] = tenant = Tenant(name, self._put_artifacts(name, nodes, sample_definitions(size)))
            log_progress(
                f"wrote a tenant of {count:,} artifacts, {tenant.edges:,} edges, {tenant.packed / 1e6:.1f} MB packed"
            )
        return self._tenants[name]

    def with_naive_table(self, count: int, size: int) -> Tenant:
        """The same tenant, also in a naive table: one item per artifact, with the definition as a JSON string."""
        tenant = self.tenant(count, size)
        if tenant.name not in self._in_naive_table:
            self._in_naive_table.add(tenant.name)
            self.put(NAIVE, naive_items(tenant, sample_definitions(size)))
            log_progress("wrote the same tenant to the naive table")
        return tenant

    def put_edges(self, table: str, tenant: str, nodes: Iterable[ArtifactNode]) -> None:
        """Write edge items and statistics as the publisher does."""
        edges = [items.edge_item(tenant, node) for node in nodes]
        statistics: NewItem = {
            **items.primary_key(tenant, items.STATISTICS_SORT_KEY),
            items.EDGE_COUNT: {"N": str(len(edges))},
            items.EDGE_BYTES: {"N": str(sum(map(items.edge_size, edges)))},
        }
        self.put(table, [*edges, statistics])

    def _put_artifacts(
        self, tenant: str, nodes: Sequence[ArtifactNode], contents: Sequence[bytes]
    ) -> list[ArtifactNode]:
        """Write edges and bodies as the publisher does; return the nodes with the digests of their definitions."""
        stored = []

        def body_items() -> Iterator[NewItem]:
            for node, _, packed, crc32 in with_definitions(nodes, contents):
                stored.append(node)
                yield {
                    **items.primary_key(tenant, items.body_sort_key(node.id, node.sha256)),
                    items.PACKED_SIZE: {"N": str(node.packed_size)},
                    items.CRC32: {"N": str(crc32)},
                    items.SIZE: {"N": str(node.size)},
                    items.DATA: {"B": packed},
                }

        self.put(ARTIFACTS, body_items())
        self.put_edges(ARTIFACTS, tenant, stored)
        return stored

    def put(self, table: str, new_items: Iterable[NewItem]) -> None:
        """Write items."""
        left = iter(new_items)
        writing = []
        while share := list(islice(left, _ITEMS_PER_TASK)):
            writing.append(self.workers.submit(_write, self.endpoint, table, share))
        for written in writing:
            written.result()


def _write(endpoint: str, table: str, new_items: Sequence[NewItem]) -> None:
    for start in range(0, len(new_items), _BATCH_SIZE):
        batch = new_items[start : start + _BATCH_SIZE]
        pending: Any = {table: [{"PutRequest": {"Item": item}} for item in batch]}
        while pending:
            pending = client_of(endpoint).batch_write_item(RequestItems=pending).get("UnprocessedItems")


@cache
def sample_definitions(size: int) -> list[bytes]:
    """The definitions that are assigned to artifacts in turn."""
    return definitions(_DEFINITIONS, size)


def create_table(client: DynamoDBClient, logical_id: str, name: str) -> None:
    """Create a table as defined in the template."""
    client.create_table(**table_request(logical_id, name))


def create_edge_table(client: DynamoDBClient, name: str) -> None:
    """Create the artifacts table without its index, which is not used for resolving and slows down writes."""
    request = table_request("ArtifactsTable", name)
    del request["GlobalSecondaryIndexes"]
    request["AttributeDefinitions"] = [
        attribute for attribute in request["AttributeDefinitions"] if attribute["AttributeName"] in {"pk", "sk"}
    ]
    client.create_table(**request)


def create_naive_table(client: DynamoDBClient) -> None:
    """Create the naive table, with one item per artifact."""
    client.create_table(
        TableName=NAIVE,
        KeySchema=[{"AttributeName": "tenant", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "tenant", "AttributeType": "S"},
            {"AttributeName": "id", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def naive_items(tenant: Tenant, contents: Sequence[bytes]) -> Iterator[NewItem]:
    """One item per artifact, with its definition as a JSON string."""
    texts = [content.decode() for content in contents]
    for number, node in enumerate(tenant.nodes):
        yield {
            "tenant": {"S": tenant.name},
            "id": {"S": node.id},
            "type": {"S": node.type.value},
            "name": {"S": node.name},
            "dependencies": {"L": [{"S": dependency} for dependency in node.dependencies]},
            "definition": {"S": texts[number % len(texts)]},
        }
