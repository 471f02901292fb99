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
from tests.load.generator import Answer
from tests.system.client import Api

PATIENCE = 300
"""Seconds for the queue's workers to do what a load has left them."""
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Kept:
    """The verified exports of a load test.

    Attributes:
        exported: Exports that answered 200 and whose bundle has the checksum of that answer.
        accepted: Exports that answered 202 and were exported, with a bundle that has the package's checksum.
        audited: Packages checked by the auditor.
    """

    exported: int
    accepted: int
    audited: int


def check_exports(api: Api, answers: Iterable[Answer]) -> Kept:
    """Download all packages of ``answers`` and audit the stack; fails if anything is missing or wrong."""
    listed = [answer for answer in answers if answer.package]
    checksums = {answer.package: answer.checksum for answer in listed if answer.kind == "export"}
    accepted = {answer.package for answer in listed if answer.kind == "later"}
    assert len(checksums) + len(accepted) == len(listed), "no package was accepted twice"

    token = api.token("tenant-7f3a9b12")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = dict(zip(accepted, pool.map(partial(_outcome, api, token), accepted), strict=True))
        assert all(checksum.startswith("sha256:") for checksum in outcomes.values()), outcomes
        checksums |= outcomes
        found = dict(zip(checksums, pool.map(partial(_checksum, api, token), checksums), strict=True))
    assert found == checksums

    report = audit(
        *(api.aws.dynamodb, api.aws.s3, api.stack.outputs),
        grace=dt.timedelta(0),
    )
    assert report.findings == []
    audited = sum(count for what, count in report.checked.items() if what.endswith(" packages"))
    assert audited == len(checksums)
    return Kept(len(checksums) - len(accepted), len(accepted), audited)


def _outcome(api: Api, token: str, package: str) -> str:
    """The checksum of an accepted package once it is exported, or its status if it failed."""
    deadline = time.monotonic() + PATIENCE
    while (status := api.get(package, token=token).json()).get("status") in ("queued", "exporting"):
        if time.monotonic() > deadline:
            return f"still {status['status']}"
        time.sleep(0.5)
    return str(status.get("checksum", status))


def _checksum(api: Api, token: str, package: str) -> str:
    """That of the bundle's bytes, or what was answered instead."""
    answer = api.download(package, token=token)
    return (
        f"sha256:{hashlib.sha256(answer.content).hexdigest()}" if answer.ok else f"{answer.status_code} {answer.text}"
    )
