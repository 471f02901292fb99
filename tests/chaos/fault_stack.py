"""A deployed export function behind the fault proxy and microburst, and checks of the stack after each fault."""

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
from tests.chaos.fault_proxy import INJECT, FaultProxy, run_fault_proxy
from tests.integration.support.artifact_inputs import incompressible
from tests.stacks import free_port
from tests.system.client import Api, artifact, export_body

MICROBURST: Final = PROJECT / ".tools" / "attack" / "bin" / "microburst"
FAULT_TENANT: Final = "tenant-of-tests"
SMALL_ROOTS: Final = ("fault-a", "fault-b", "fault-c")
LARGE_ROOTS: Final = ("fault-large-1", "fault-large-2", "fault-large-3")
ROOTS: Final = {"small": SMALL_ROOTS, "in parts": LARGE_ROOTS}
_MULTIPART_CALLS: Final = (
    *("GetObject-1", "GetObject-2", "GetObject-3", "CreateMultipartUpload-1", "UploadPart-1", "UploadPart-2"),
    *("CompleteMultipartUpload-1", "Sign-1", "UpdateItem-2"),
)
_WRITE_CALLS: Final = {"small": ("GetObject-1", "PutObject-1", "Sign-1", "UpdateItem-2"), "in parts": _MULTIPART_CALLS}
COLD_CALLS: Final = {
    size: ("BatchGetItem-1", "UpdateItem-1", "BatchGetItem-2", *calls) for size, calls in _WRITE_CALLS.items()
}
"""The AWS calls of a process's first export; some calls of a multipart upload are concurrent."""

WARM_CALLS: Final = {
    size: ("Query-1", "UpdateItem-1", "BatchGetItem-1", *calls) for size, calls in _WRITE_CALLS.items()
}
"""The AWS calls of later exports, when the process has chosen how to read the tenant's artifacts."""

_HELD_MS: Final = 5_500  # longer than the product's read timeout
_START_SECONDS: Final = 30
_MICROBURST_RULES: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "throttled": {
        "dynamodb": {"error": {"code": "ProvisionedThroughputExceededException"}},
        "kms": {"error": {"code": "ThrottlingException"}},
        "s3": {"error": {"code": "SlowDown"}},
    },
    "failing": {
        "dynamodb": {"error": {"code": "InternalServerError"}},
        "kms": {"error": {"code": "KMSInternalException"}},
        "s3": {"error": {"code": "InternalError"}},
    },
    "timeout": {"*": {"timeout_ms": _HELD_MS}},
    "reset": {"*": {"reset": True}},
}
"""Microburst's faults by name; each is selected by a header."""

MICROBURST_FAULTS: Final = tuple(_MICROBURST_RULES)


@dataclass
class FaultyStack:
    """A deployed stack whose export function calls AWS through a fault proxy.

    Attributes:
        api: The stack.
        proxy: The fault proxy.
        microburst: URL of microburst.
        token: A token of the tenant whose artifacts are exported.
    """

    api: Api
    proxy: FaultProxy
    microburst: str
    token: str

    def export(self, name: str, size: str) -> requests.Response:
        """POST /export."""
        return self.api.export(export_body(name, *ROOTS[size], tenantId=FAULT_TENANT), token=self.token)

    def find(self, name: str) -> requests.Response:
        """GET the package with this name."""
        return self.api.get(package_id(FAULT_TENANT, name, "1.0.0"), token=self.token)

    def configure(self, seconds: int, **environment: str) -> None:
        """Set the timeout of the export function, and add environment variables to its own."""
        functions, name = self.api.aws.lambda_, self.api.stack.outputs["ExportFunction"]
        variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        variables.pop("AWS_ENDPOINT_URL", None)
        functions.update_function_configuration(
            FunctionName=name, Timeout=seconds, Environment={"Variables": {**variables, **environment}}
        )

    def microburst_faults(self) -> int:
        """Return the number of faults injected by microburst."""
        fired: list[object] = requests.get(f"{self.microburst}/_microburst/fired?limit=1000", timeout=10).json()
        return len(fired)

    def sweep(self) -> None:
        """Invoke the product's sweep function."""
        name = self.api.stack.outputs["SweepFunction"]
        assert "FunctionError" not in self.api.aws.lambda_.invoke(FunctionName=name)

    def audit(self) -> Report:
        """Audit the whole stack and return the report."""
        return audit(self.api.aws.dynamodb, self.api.aws.s3, self.api.aws.kms, self.api.stack.outputs)

    def objects(self, name: str) -> list[str]:
        """Return the keys of all bundles of a package, committed or not."""
        prefix = f"bundles/{package_id(FAULT_TENANT, name, '1.0.0')}/"
        response = self.api.aws.s3.list_objects_v2(Bucket=self.api.stack.outputs["BundleBucket"], Prefix=prefix)
        return [entry["Key"] for entry in response.get("Contents", [])]

    def uploads(self) -> int:
        """Return the number of multipart uploads that are neither completed nor aborted."""
        bucket = self.api.stack.outputs["BundleBucket"]
        return len(self.api.aws.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []))

    def remove_package(self, name: str) -> None:
        """Remove a package, which makes the next audit faster."""
        for key in self.objects(name):
            self.api.aws.s3.delete_object(Bucket=self.api.stack.outputs["BundleBucket"], Key=key)
        self.api.aws.dynamodb.delete_item(
            TableName=self.api.stack.outputs["PackagesTable"],
            Key={"packageId": {"S": package_id(FAULT_TENANT, name, "1.0.0")}},
        )

    def kill_exporters(self) -> None:
        """SIGKILL all processes of the export function, which have the proxy's URL in their environment."""
        emulator = self.api.state.emulator
        assert emulator is not None
        variable = f"AWS_ENDPOINT_URL={self.proxy.url}".encode()
        killed = 0
        for pid in processes.find_in_group(emulator.pid, ""):
            with suppress(FileNotFoundError, ProcessLookupError):
                if variable in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
        assert killed >= 1


@contextmanager
def behind_fault_proxy(api: Api, seconds: int) -> Iterator[FaultyStack]:
    """Run the export function behind the fault proxy with a timeout of ``seconds``."""
    text = incompressible(3 * 1024 * 1024)
    api.publish(
        [
            *(artifact(artifact_id) for artifact_id in SMALL_ROOTS[:2]),
            artifact(SMALL_ROOTS[2], definition=incompressible(400 * 1024)),  # too large for a DynamoDB item
            *(artifact(artifact_id, definition=[artifact_id, text]) for artifact_id in LARGE_ROOTS),
        ]
    )
    endpoint = api.stack.endpoint
    with _microburst(endpoint) as microburst, run_fault_proxy(_host(endpoint), _host(microburst)) as proxy:
        stack = FaultyStack(api, proxy, microburst, api.token(FAULT_TENANT))
        stack.configure(seconds, AWS_ENDPOINT_URL=proxy.url)
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
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603  # fixed command
    rules = [
        {"service": service, "headers": {INJECT: kind}, **effect}
        for kind, effects in _MICROBURST_RULES.items()
        for service, effect in effects.items()
    ]
    try:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                requests.post(f"{url}/_microburst/rules", json=rules, timeout=10).raise_for_status()
                break
            except requests.ConnectionError:
                assert time.monotonic() < deadline, "microburst did not start"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()
