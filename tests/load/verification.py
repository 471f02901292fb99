"""Checks after a load test that every accepted export exists."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from operations.audit.stack import audit
from tests.load.generator import RequestResult
from tests.system.client import Api

TIMEOUT_SECONDS = 300
"""Seconds for the workers to process the remaining queue."""
CONCURRENCY = 4


@dataclass(frozen=True, slots=True)
class VerifiedExports:
    """The verified exports of a load test.

    Attributes:
        exported: Number of exports with a 200 whose bundle has the checksum of the response.
        accepted: Number of exports with a 202 that were completed and whose bundle has the package's checksum.
        audited: Number of packages checked by the auditor.
    """

    exported: int
    accepted: int
    audited: int


def check_exports(api: Api, results: Iterable[RequestResult]) -> VerifiedExports:
    """Download all packages of ``results``, audit the stack, and assert that nothing is missing or wrong."""
    exports = [result for result in results if result.package]
    checksums = {result.package: result.checksum for result in exports if result.kind == "export"}
    accepted = {result.package for result in exports if result.kind == "async_export"}
    assert len(checksums) + len(accepted) == len(exports), "no package was accepted twice"

    token = api.token("tenant-7f3a9b12")
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        async_checksums = dict(zip(accepted, pool.map(partial(_outcome, api, token), accepted), strict=True))
        assert all(checksum.startswith("sha256:") for checksum in async_checksums.values()), async_checksums
        checksums |= async_checksums
        found = dict(zip(checksums, pool.map(partial(_checksum, api, token), checksums), strict=True))
    assert found == checksums

    report = audit(
        *(api.aws.dynamodb, api.aws.s3, api.aws.kms, api.stack.outputs),
        grace=dt.timedelta(0),
    )
    assert report.findings == []
    audited = sum(count for what, count in report.checked.items() if what.endswith(" packages"))
    assert audited == len(checksums)
    return VerifiedExports(len(checksums) - len(accepted), len(accepted), audited)


def _outcome(api: Api, token: str, package: str) -> str:
    """Wait for an accepted export and return the package's checksum, or its status if it failed."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while (status := api.get(package, token=token).json()).get("status") in ("queued", "exporting"):
        if time.monotonic() > deadline:
            return f"still {status['status']}"
        time.sleep(0.5)
    return str(status.get("checksum", status))


def _checksum(api: Api, token: str, package: str) -> str:
    """Download a bundle and return its checksum, or status and text of an error response."""
    response = api.download(package, token=token)
    return (
        f"sha256:{hashlib.sha256(response.content).hexdigest()}"
        if response.ok
        else f"{response.status_code} {response.text}"
    )
