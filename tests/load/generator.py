"""Runs the load generator against a deployed stack and reads its results."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.state import PROJECT
from tests.system.client import BASE, TENANT, Api, artifact

LOCUST = PROJECT / ".tools" / "attack" / "bin" / "locust"
RESULTS = PROJECT / ".local" / "load-results"
ROOT = "load-root"
LEAVES = 30
MAX_REQUESTS = 50_000
"""Maximum number of requests per run, whatever its duration."""
GRACE_SECONDS = 150
"""Seconds for the last requests of a run, and for the program to exit."""
KINDS = {"preview", "export", "get", "download", "conflict", "error", "async_export"}


@dataclass(frozen=True, slots=True)
class RequestResult:
    """The result of one request.

    Attributes:
        kind: Kind of request, one of KINDS, or `baseline`.
        outcome: `expected`; `throttled`, a 429 or 503 with Retry-After; or `failed`, including a lost connection
            (status 0) and unexpected content.
        status: HTTP status.
        at: Time of the request, in epoch seconds.
        seconds: Duration.
        package: Id of the exported or accepted package.
        checksum: Checksum in the response to an export.
        detail: Description of a failure.
    """

    kind: str
    outcome: str
    status: int
    at: float
    seconds: float
    package: str = ""
    checksum: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Performance:
    """Throughput and latency percentiles in seconds, after all callers have started."""

    per_second: float
    p50: float
    p95: float
    p99: float


def publish_graph(api: Api) -> None:
    """Publish a root with many dependencies, in addition to the small samples."""
    leaves = [f"load-{number:03}" for number in range(LEAVES)]
    text = "lorem ipsum dolor sit amet " * 80
    api.publish(
        [
            *(
                artifact(leaf, tenantId=TENANT, type="RuleSet", definition={"id": leaf, "text": text})
                for leaf in leaves
            ),
            artifact(ROOT, *leaves, tenantId=TENANT),
        ]
    )


def run(
    api: Api, phase: str, callers: int, seconds: float, *, ramp: float = 0, rate: float = 0, baseline: str = ""
) -> list[RequestResult]:
    """Run the load generator and return all results.

    Args:
        api: The stack.
        phase: Name of the run and of the packages it exports.
        callers: Number of concurrent callers; each waits for a response before its next request.
        seconds: Duration during which callers start new requests.
        ramp: Part of the duration in which the callers are started, in seconds.
        rate: Requests per second of all callers together; unlimited if 0.
        baseline: URL of a function to call instead of the product.
    """
    folder = RESULTS / phase
    folder.mkdir(parents=True, exist_ok=True)
    configuration = {
        "url": baseline or f"{api.stack.url}{BASE}",
        "baseline": bool(baseline),
        "token": api.token(TENANT, lifetime=4 * 3600),
        "tenant": TENANT,
        "roots": ["proc-1001", ROOT],
        "phase": phase,
        "callers": callers,
        "rate": rate,
        "max_requests": MAX_REQUESTS,
    }
    (folder / "configuration.json").write_text(json.dumps(configuration), encoding="utf-8")
    results = folder / "results.jsonl"
    results.unlink(missing_ok=True)
    program = (LOCUST, "-f", Path(__file__).with_name("locustfile.py"), "--headless", "--only-summary")
    spawn_rate = callers / ramp if ramp else callers
    limits = (
        *("-u", str(callers), "-r", f"{spawn_rate:.3f}"),
        *("-t", f"{round(seconds)}s", "--stop-timeout", str(GRACE_SECONDS)),
    )
    with (folder / "locust.log").open("wb") as log:
        subprocess.run(  # noqa: S603  # fixed command
            [*program, *limits, "--host", api.stack.url, "--exit-code-on-error", "0"],
            env={**os.environ, "INSTALLHUB_LOAD": str(folder / "configuration.json")},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=seconds + 2 * GRACE_SECONDS,
            check=True,
        )
    return [_request_result(json.loads(line)) for line in results.read_text(encoding="utf-8").splitlines()]


def _request_result(line: dict[str, Any]) -> RequestResult:
    return RequestResult(**{name: line[name] for name in RequestResult.__dataclass_fields__ if name in line})


def measure_performance(results: Iterable[RequestResult], begin: float, end: float) -> Performance:
    """Return the performance of expected responses between two times in seconds after the first request."""
    expected = [result for result in results if result.outcome == "expected"]
    first = min(result.at for result in expected)
    completed = sum(begin <= result.at + result.seconds - first < end for result in expected)
    durations = [result.seconds for result in expected if begin <= result.at - first < end]
    percentiles = statistics.quantiles(durations, n=100, method="inclusive")
    return Performance(completed / (end - begin), percentiles[49], percentiles[94], percentiles[98])


def failures(results: Iterable[RequestResult]) -> Counter[str]:
    """Return the number of failures of each kind."""
    return Counter(f"{result.kind}: {result.detail}" for result in results if result.outcome == "failed")


def throttled(results: Iterable[RequestResult]) -> int:
    """Return the number of requests that got a 429 or 503 with Retry-After."""
    return sum(result.outcome == "throttled" for result in results)
