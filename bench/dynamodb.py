"""AWS's DynamoDB Local, which counts read units in the same way as the service."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

from bench.harness import PROJECT, CannotRunError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HOME: Final = PROJECT / ".tools" / "bench" / "dynamodb"
_START_SECONDS: Final = 30


def missing() -> str:
    """Why DynamoDB Local cannot run on this machine; empty if it can."""
    if shutil.which("java") and (HOME / "DynamoDBLocal.jar").exists():
        return ""
    return "DynamoDB Local needs java and npm; it is downloaded by `make bench` and `make test-judges`"


@contextmanager
def server() -> Iterator[str]:
    """Run DynamoDB Local in memory; yields its endpoint.

    Raises:
        CannotRunError: It is not installed or did not start.
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
    """A client with the product's settings, as far as they affect performance."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106  # DynamoDB Local accepts any key
        config=Config(max_pool_connections=16, retries={"mode": "standard"}),
    )


@dataclass
class CallCounter:
    """Counts calls and their cost.

    Attributes:
        requests: Number of calls by operation.
        read_units: Read units reported by DynamoDB.
        write_units: Write units reported by DynamoDB.
        rounds: Number of round trips, where concurrent calls count as one.
    """

    requests: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    write_units: float = 0.0
    rounds: int = 0
    _in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def total(self) -> int:
        """Number of all calls."""
        return sum(self.requests.values())

    def record_request(self, operation: str) -> None:
        """Count a call; it belongs to the current round if another call is in flight."""
        with self._lock:
            self.requests[operation] += 1
            self.rounds += not self._in_flight
            self._in_flight += 1

    def record_response(self, read: float, written: float) -> None:
        """Count a response and its units."""
        with self._lock:
            self._in_flight -= 1
            self.read_units += read
            self.write_units += written


@contextmanager
def count_calls(client: Any, delay: float = 0.0) -> Iterator[CallCounter]:  # noqa: ANN401  # a client of any service
    """Count the calls of ``client`` with botocore's hooks, and make DynamoDB report their capacity.

    Rounds are only exact with a ``delay`` in seconds before each call, which ensures that concurrent calls overlap even
    on a busy machine.
    """
    counter = CallCounter()

    def before(params: dict[str, Any], model: Any, **_: Any) -> None:  # noqa: ANN401
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "TOTAL"
        counter.record_request(model.name)
        time.sleep(delay)

    def after(parsed: dict[str, Any], model: Any, **_: Any) -> None:  # noqa: ANN401
        consumed = parsed.get("ConsumedCapacity", [])
        units = sum(entry["CapacityUnits"] for entry in (consumed if isinstance(consumed, list) else [consumed]))
        reads = model.name in {"BatchGetItem", "GetItem", "Query"}
        counter.record_response(units if reads else 0, 0 if reads else units)

    client.meta.events.register("provide-client-params", before)
    client.meta.events.register("after-call", after)
    try:
        yield counter
    finally:
        client.meta.events.unregister("provide-client-params", before)
        client.meta.events.unregister("after-call", after)


def free_port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
