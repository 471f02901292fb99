"""The deployed export function with a gate and microburst between it and AWS, and what is left after each fault."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests

from installhub.model.package import package_id
from local import processes
from local.state import PROJECT
from operations.audit.findings import Report
from operations.audit.stack import audit
from tests.chaos.faults_gate import INJECT, Gate, gate
from tests.integration.support.artifact_inputs import incompressible
from tests.stacks import free_port
from tests.system.client import Api, artifact, export_body

MICROBURST: Final = PROJECT / ".tools" / "attack" / "bin" / "microburst"
FAULT_TENANT: Final = "tenant-of-tests"
SMALL: Final = ("fault-a", "fault-b", "fault-c")
LARGE: Final = ("fault-large-1", "fault-large-2", "fault-large-3")
ROOTS: Final = {"small": SMALL, "in parts": LARGE}
_WRITTEN_IN_PARTS: Final = (
    *("GetObject-1", "GetObject-2", "GetObject-3", "CreateMultipartUpload-1", "UploadPart-1", "UploadPart-2"),
    *("CompleteMultipartUpload-1", "UpdateItem-2"),
)
_WRITTEN: Final = {"small": ("GetObject-1", "PutObject-1", "UpdateItem-2"), "in parts": _WRITTEN_IN_PARTS}
COLD_CALLS: Final = {
    size: ("BatchGetItem-1", "UpdateItem-1", "BatchGetItem-2", *calls) for size, calls in _WRITTEN.items()
}
"""The AWS calls of a process's first export; some of those in parts run side by side."""

WARM_CALLS: Final = {size: ("Query-1", "UpdateItem-1", "BatchGetItem-1", *calls) for size, calls in _WRITTEN.items()}
"""Those of later exports: the process has learned how to read the tenant."""

_HELD_MS: Final = 5_500  # longer than the product waits for an answer
_START_SECONDS: Final = 30
_KINDS: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "throttled": {
        "dynamodb": {"error": {"code": "ProvisionedThroughputExceededException"}},
        "s3": {"error": {"code": "SlowDown"}},
    },
    "failing": {
        "dynamodb": {"error": {"code": "InternalServerError"}},
        "s3": {"error": {"code": "InternalError"}},
    },
    "timeout": {"*": {"timeout_ms": _HELD_MS}},
    "reset": {"*": {"reset": True}},
}
"""Microburst's faults by name; each is asked for by a header."""

INJECTED: Final = tuple(_KINDS)


@dataclass
class FaultyStack:
    """A deployed stack whose export function goes through a gate.

    Attributes:
        api: The stack.
        gate: What the function's calls pass.
        microburst: The URL of microburst, which they pass next.
        token: Of the tenant whose artifacts are exported.
    """

    api: Api
    gate: Gate
    microburst: str
    token: str

    def export(self, name: str, size: str) -> requests.Response:
        """POST /export."""
        return self.api.export(export_body(name, *ROOTS[size], tenantId=FAULT_TENANT), token=self.token)

    def find(self, name: str) -> requests.Response:
        """GET the package of that name."""
        return self.api.get(package_id(FAULT_TENANT, name, "1.0.0"), token=self.token)

    def configure(self, seconds: int, **environment: str) -> None:
        """Give the export function so much time, and variables beside its own."""
        functions, name = self.api.aws.lambda_, self.api.stack.outputs["ExportFunction"]
        own = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        own.pop("AWS_ENDPOINT_URL", None)
        functions.update_function_configuration(
            FunctionName=name, Timeout=seconds, Environment={"Variables": {**own, **environment}}
        )

    def injected(self) -> int:
        """How many faults microburst has injected."""
        fired: list[object] = requests.get(f"{self.microburst}/_microburst/fired?limit=1000", timeout=10).json()
        return len(fired)

    def sweep(self) -> None:
        """Run the product's own sweep function."""
        name = self.api.stack.outputs["SweepFunction"]
        assert "FunctionError" not in self.api.aws.lambda_.invoke(FunctionName=name)

    def audit(self) -> Report:
        """What the auditor finds in the whole stack."""
        return audit(self.api.aws.dynamodb, self.api.aws.s3, self.api.stack.outputs)

    def objects(self, name: str) -> list[str]:
        """The bundles there are of a package, visible or not."""
        prefix = f"bundles/{package_id(FAULT_TENANT, name, '1.0.0')}/"
        found = self.api.aws.s3.list_objects_v2(Bucket=self.api.stack.outputs["BundleBucket"], Prefix=prefix)
        return [entry["Key"] for entry in found.get("Contents", [])]

    def uploads(self) -> int:
        """How many uploads in parts were begun and neither completed nor dropped."""
        bucket = self.api.stack.outputs["BundleBucket"]
        return len(self.api.aws.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []))

    def remove_package(self, name: str) -> None:
        """Remove a package, so that the next audit has less to look at."""
        for key in self.objects(name):
            self.api.aws.s3.delete_object(Bucket=self.api.stack.outputs["BundleBucket"], Key=key)
        self.api.aws.dynamodb.delete_item(
            TableName=self.api.stack.outputs["PackagesTable"],
            Key={"packageId": {"S": package_id(FAULT_TENANT, name, "1.0.0")}},
        )

    def kill_exporters(self) -> None:
        """SIGKILL the processes that run the export function: those of the emulator's that know the gate."""
        emulator = self.api.state.emulator
        assert emulator is not None
        mark = f"AWS_ENDPOINT_URL={self.gate.url}".encode()
        killed = 0
        for pid in processes.find_in_group(emulator.pid, ""):
            with suppress(FileNotFoundError, ProcessLookupError):
                if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
        assert killed >= 1


@contextmanager
def faulty(api: Api, seconds: int) -> Iterator[FaultyStack]:
    """The stack with its export function, which has so many seconds, behind the gate."""
    text = incompressible(3 * 1024 * 1024)
    api.publish(
        [
            *(artifact(artifact_id) for artifact_id in SMALL[:2]),
            artifact(SMALL[2], definition=incompressible(400 * 1024)),  # too large for an item
            *(artifact(artifact_id, definition=[artifact_id, text]) for artifact_id in LARGE),
        ]
    )
    endpoint = api.stack.endpoint
    with _microburst(endpoint) as proxy, gate(_host(endpoint), _host(proxy)) as opened:
        stack = FaultyStack(api, opened, proxy, api.token(FAULT_TENANT))
        stack.configure(seconds, AWS_ENDPOINT_URL=opened.url)
        try:
            yield stack
        finally:
            stack.configure(29)


def _host(url: str) -> str:
    return url.removeprefix("http://")


@contextmanager
def _microburst(endpoint: str) -> Iterator[str]:
    url = f"http://127.0.0.1:{(port := free_port())}"
    command: list[str] = [str(MICROBURST), "--upstream", endpoint, "--port", str(port), "--no-resign"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603  # our own
    rules = [
        {"service": service, "headers": {INJECT: kind}, **effect}
        for kind, effects in _KINDS.items()
        for service, effect in effects.items()
    ]
    try:
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                requests.post(f"{url}/_microburst/rules", json=rules, timeout=10).raise_for_status()
                break
            except requests.ConnectionError:
                assert time.monotonic() < until, "microburst did not start"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()
