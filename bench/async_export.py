"""A very large asynchronous export: 30,000 artifacts, 1 GB of definitions, over HTTP with `Prefer: respond-async`.

python -m bench.async_export [--artifacts 30000] [--bytes 1000000000]

Deploys a separate local stack and prints a JSON object: the duration of the export, the progress reported by
`GET /{packageId}`, and the peak memory of the worker's process (VmHWM), also for an export of one artifact.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import requests

from bench.dynamodb import free_port
from bench.samples import WORDS
from installhub.artifacts.validation import ArtifactInput
from installhub.model.artifact import ArtifactStatus, ArtifactType
from installhub.model.definition import canonical_json
from local import processes, stack
from local.aws import isolate_environment
from local.emulator import INTERPRETER
from local.issuer import DEFAULT_SCOPE, Issuer
from local.state import PROJECT, Stack, State
from tests.direct_publishing import publish_directly

TENANT: Final = "tenant-bench"
WORKER: Final = "ExportWorkerFunction"
ROOTS: Final = 100
CHUNK: Final = 2_000
TIMEOUT_SECONDS: Final = 900
_PEAK: Final = re.compile(r"VmHWM:\s+(\d+) kB")


def main() -> None:
    """Run the benchmark and print its results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts", type=int, default=30_000)
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    options = parser.parse_args()
    isolate_environment()
    state = State(PROJECT / ".local" / "bench-async")
    stack.down(state)
    try:
        deployed = stack.up(state, port=free_port())
        emulator = state.emulator
        if emulator is None:
            raise RuntimeError("the emulator did not start")
        api = _ApiClient(deployed, state)
        small = _artifacts(1, 1_000, prefix="small")
        publish_directly(deployed, small)
        api.export("Small", ["small-00000"])
        base = _peak_mib(emulator.pid)
        started = time.monotonic()
        size = _publish_all(deployed, options.artifacts, options.bytes)
        published = time.monotonic() - started
        results = api.export("Large", [f"root-{number:05}" for number in range(ROOTS)])
        results |= {
            "definitionBytes": size,
            "publishSeconds": round(published, 1),
            "workerPeakMiB": _peak_mib(emulator.pid),
            "workerPeakMiBOfOneArtifact": base,
        }
        print(json.dumps(results, indent=2))
    finally:
        stack.down(state)


class _ApiClient:
    def __init__(self, deployed: Stack, state: State) -> None:
        parameters = deployed.parameters
        issuer = Issuer(state.issuer_key)
        token = issuer.token(
            parameters["TokenIssuer"], parameters["TokenAudience"], [TENANT], DEFAULT_SCOPE, 2 * TIMEOUT_SECONDS
        )
        self._url = f"{deployed.url}/api/installhub/packages"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def export(self, name: str, roots: Sequence[str]) -> dict[str, Any]:
        """Export asynchronously, poll until the export ends, and return what the polls reported."""
        body = {
            "tenantId": TENANT,
            "packageName": name,
            "packageType": "config-package",
            "version": "1.0.0",
            "artifactIds": list(roots),
        }
        started = time.monotonic()
        accepted = self._session.post(f"{self._url}/export", json=body, headers={"Prefer": "respond-async"}, timeout=60)
        if accepted.status_code != requests.codes.accepted:
            raise RuntimeError(accepted.text)
        accepted_after = time.monotonic() - started
        polls: list[tuple[float, str, int | None]] = []
        while time.monotonic() - started < TIMEOUT_SECONDS:
            package = self._session.get(f"{self._url}/{accepted.json()['packageId']}", timeout=60).json()
            progress = package.get("progress") or {}
            polls.append((round(time.monotonic() - started, 1), package["status"], progress.get("done")))
            if package["status"] in ("exported", "failed"):
                break
            time.sleep(1)
        if package["status"] != "exported":
            raise RuntimeError(json.dumps(package)[:2000])
        return {
            "artifacts": package["artifactCount"],
            "acceptedAfterSeconds": round(accepted_after, 2),
            "exportedAfterSeconds": polls[-1][0],
            "polls": len(polls),
            "distinctProgressValues": len({done for _, status, done in polls if status == "exporting"}),
            "pollSamples": polls[:: max(1, len(polls) // 12)],
        }


def _publish_all(deployed: Stack, artifacts: int, size: int) -> int:
    """Publish leaves and the roots that depend on them; return the total size of the definitions."""
    leaves = artifacts - ROOTS
    each = size // leaves
    total = 0
    for start in range(0, leaves, CHUNK):
        batch = _artifacts(min(CHUNK, leaves - start), each, start=start)
        total += sum(len(artifact.definition) for artifact in batch)
        publish_directly(deployed, batch)
    roots = [
        _artifact(f"root-{number:05}", tuple(f"leaf-{leaf:05}" for leaf in range(number, leaves, ROOTS)), b"{}")
        for number in range(ROOTS)
    ]
    publish_directly(deployed, roots)
    return total


def _artifacts(count: int, size: int, *, start: int = 0, prefix: str = "leaf") -> list[ArtifactInput]:
    return [
        _artifact(f"{prefix}-{number:05}", (), canonical_json({"text": " ".join(_words(number, size))}))
        for number in range(start, start + count)
    ]


def _words(seed: int, size: int) -> Iterator[str]:
    rng = random.Random(seed)  # noqa: S311  # not security-relevant
    length = 0
    while length < size:
        word = f"{rng.choice(WORDS)}{rng.randrange(100)}"
        length += len(word) + 1
        yield word


def _artifact(artifact_id: str, dependencies: tuple[str, ...], definition: bytes) -> ArtifactInput:
    kind, status = ArtifactType.RULE_SET, ArtifactStatus.PUBLISHED
    return ArtifactInput(TENANT, artifact_id, kind, artifact_id, status, dependencies, definition)


def _peak_mib(group: int) -> float:
    """The peak memory of the worker's processes, in MiB."""
    peaks = []
    for pid in processes.find_in_group(group, str(INTERPRETER)):
        folder = Path(f"/proc/{pid}")
        if WORKER in folder.joinpath("cmdline").read_text():
            (kilobytes,) = _PEAK.findall(folder.joinpath("status").read_text())
            peaks.append(int(kilobytes))
    return round(max(peaks) / 1024, 1)


if __name__ == "__main__":
    main()
