"""An export too big to wait for: 30,000 artifacts, 1 GB of definitions, over HTTP with `Prefer: respond-async`.

python -m bench.async_export [--artifacts 30000] [--bytes 1000000000]

It deploys a stack of its own and prints one JSON object: how long the export took, what `GET /{packageId}` told on the
way, and the most memory that the worker's process had (its VmHWM), against that of an export of one artifact.
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
from local.seed import publish
from local.state import PROJECT, Stack, State

TENANT: Final = "tenant-bench"
WORKER: Final = "ExportWorkerFunction"
ROOTS: Final = 100
CHUNK: Final = 2_000
TIMEOUT_SECONDS: Final = 900
_PEAK: Final = re.compile(r"VmHWM:\s+(\d+) kB")


def main() -> None:
    """Run it and print what it found."""
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
        publish(deployed, small, "one artifact")
        api.export("Small", ["small-00000"])
        base = _peak_mib(emulator.pid)
        started = time.monotonic()
        size = _publish_all(deployed, options.artifacts, options.bytes)
        published = time.monotonic() - started
        outcome = api.export("Large", [f"root-{number:05}" for number in range(ROOTS)])
        outcome |= {
            "definitionBytes": size,
            "publishSeconds": round(published, 1),
            "workerPeakMiB": _peak_mib(emulator.pid),
            "workerPeakMiBOfOneArtifact": base,
        }
        print(json.dumps(outcome, indent=2))
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
        """Export and wait, and say what was seen on the way."""
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
        answered = time.monotonic() - started
        seen: list[tuple[float, str, int | None]] = []
        while time.monotonic() - started < TIMEOUT_SECONDS:
            package = self._session.get(f"{self._url}/{accepted.json()['packageId']}", timeout=60).json()
            progress = package.get("progress") or {}
            seen.append((round(time.monotonic() - started, 1), package["status"], progress.get("done")))
            if package["status"] in ("exported", "failed"):
                break
            time.sleep(1)
        if package["status"] != "exported":
            raise RuntimeError(json.dumps(package)[:2000])
        return {
            "artifacts": package["artifactCount"],
            "acceptedAfterSeconds": round(answered, 2),
            "exportedAfterSeconds": seen[-1][0],
            "looks": len(seen),
            "progressSeen": len({done for _, status, done in seen if status == "exporting"}),
            "looksOnTheWay": seen[:: max(1, len(seen) // 12)],
        }


def _publish_all(deployed: Stack, artifacts: int, size: int) -> int:
    """Roots that depend on all the rest, evenly; the sum of the definitions."""
    leaves = artifacts - ROOTS
    each = size // leaves
    total = 0
    for start in range(0, leaves, CHUNK):
        drafts = _artifacts(min(CHUNK, leaves - start), each, start=start)
        total += sum(len(draft.definition) for draft in drafts)
        publish(deployed, drafts, "leaves")
    roots = [
        _artifact(f"root-{number:05}", tuple(f"leaf-{leaf:05}" for leaf in range(number, leaves, ROOTS)), b"{}")
        for number in range(ROOTS)
    ]
    publish(deployed, roots, "roots")
    return total


def _artifacts(count: int, size: int, *, start: int = 0, prefix: str = "leaf") -> list[ArtifactInput]:
    return [
        _artifact(f"{prefix}-{number:05}", (), canonical_json({"text": " ".join(_words(number, size))}))
        for number in range(start, start + count)
    ]


def _words(seed: int, size: int) -> Iterator[str]:
    choose = random.Random(seed)  # noqa: S311  # no secret
    length = 0
    while length < size:
        word = f"{choose.choice(WORDS)}{choose.randrange(100)}"
        length += len(word) + 1
        yield word


def _artifact(artifact_id: str, dependencies: tuple[str, ...], definition: bytes) -> ArtifactInput:
    kind, status = ArtifactType.RULE_SET, ArtifactStatus.PUBLISHED
    return ArtifactInput(TENANT, artifact_id, kind, artifact_id, status, dependencies, definition)


def _peak_mib(group: int) -> float:
    """The most memory that the worker's processes ever had, in MiB."""
    peaks = []
    for pid in processes.find_in_group(group, str(INTERPRETER)):
        folder = Path(f"/proc/{pid}")
        if WORKER in folder.joinpath("cmdline").read_text():
            (kilobytes,) = _PEAK.findall(folder.joinpath("status").read_text())
            peaks.append(int(kilobytes))
    return round(max(peaks) / 1024, 1)


if __name__ == "__main__":
    main()
