"""Runs the load generator against a deployed stack and reads what it saw."""

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
SCRATCH = PROJECT / ".local" / "load-results"
ROOT = "load-root"
LEAVES = 30
MOST = 50_000
"""Requests of one run, whatever its length."""
GRACE = 150
"""Seconds that the last requests of a run may take, and the program to end."""
KINDS = {"preview", "export", "get", "download", "conflict", "refusal", "later"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request came to.

    Attributes:
        kind: What was asked for, one of KINDS, or `floor`.
        outcome: `expected`; `pushed back`, a 429 or 503 that says when to come again; or `failed`, all else, a lost
            connection (status 0) and a wrong content included.
        status: Of HTTP.
        at: When it was sent, in epoch seconds.
        seconds: How long it took.
        package: The id of the exported or accepted package.
        checksum: What an export answered with.
        detail: What was wrong.
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
class Pace:
    """How fast the answers came once all callers called."""

    per_second: float
    p50: float
    p95: float
    p99: float


def publish_graph(api: Api) -> None:
    """A closure of some size beside the samples' small one."""
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
    api: Api, phase: str, callers: int, seconds: float, *, ramp: float = 0, rate: float = 0, floor: str = ""
) -> list[Answer]:
    """Let ``callers`` call for so long and give all answers.

    Args:
        api: The stack.
        phase: Names the run, and the packages that it exports.
        callers: How many call at the same time; each waits for its answer before it asks again.
        seconds: How long they start new requests.
        ramp: How many seconds of those pass until all of them call.
        rate: Requests a second of all callers together; as many as they can if 0.
        floor: The URL of a function to call in place of the product.
    """
    folder = SCRATCH / phase
    folder.mkdir(parents=True, exist_ok=True)
    configuration = {
        "url": floor or f"{api.stack.url}{BASE}",
        "floor": bool(floor),
        "token": api.token(TENANT, lifetime=4 * 3600),
        "tenant": TENANT,
        "roots": ["proc-1001", ROOT],
        "phase": phase,
        "callers": callers,
        "rate": rate,
        "most": MOST,
    }
    (folder / "configuration.json").write_text(json.dumps(configuration), encoding="utf-8")
    answers = folder / "answers.jsonl"
    answers.unlink(missing_ok=True)
    program = (LOCUST, "-f", Path(__file__).with_name("locustfile.py"), "--headless", "--only-summary")
    spawned = callers / ramp if ramp else callers
    count = ("-u", str(callers), "-r", f"{spawned:.3f}", "-t", f"{round(seconds)}s", "--stop-timeout", str(GRACE))
    with (folder / "locust.log").open("wb") as log:
        subprocess.run(  # noqa: S603  # our own command
            [*program, *count, "--host", api.stack.url, "--exit-code-on-error", "0"],
            env={**os.environ, "INSTALLHUB_LOAD": str(folder / "configuration.json")},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=seconds + 2 * GRACE,
            check=True,
        )
    return [_answer(json.loads(line)) for line in answers.read_text(encoding="utf-8").splitlines()]


def _answer(line: dict[str, Any]) -> Answer:
    return Answer(**{name: line[name] for name in Answer.__dataclass_fields__ if name in line})


def pace(answers: Iterable[Answer], begin: float, end: float) -> Pace:
    """Throughput and latencies of the answers as expected, between two moments in seconds since the first request."""
    listed = [answer for answer in answers if answer.outcome == "expected"]
    first = min(answer.at for answer in listed)
    came = sum(begin <= answer.at + answer.seconds - first < end for answer in listed)
    timed = [answer.seconds for answer in listed if begin <= answer.at - first < end]
    hundredths = statistics.quantiles(timed, n=100, method="inclusive")
    return Pace(came / (end - begin), hundredths[49], hundredths[94], hundredths[98])


def failures(answers: Iterable[Answer]) -> Counter[str]:
    """What was wrong, and how often."""
    return Counter(f"{answer.kind}: {answer.detail}" for answer in answers if answer.outcome == "failed")


def pushed_back(answers: Iterable[Answer]) -> int:
    """How many got 429 or 503 with Retry-After."""
    return sum(answer.outcome == "pushed back" for answer in answers)
