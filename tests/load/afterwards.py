"""Looks, when a load is over, whether all that was promised is there."""

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
    """What was there afterwards.

    Attributes:
        exported: Exports that answered 200 and whose bundle has the checksum of that answer.
        promised: Exports that answered 202 and were exported, with a bundle that has the package's checksum.
        audited: Packages that the auditor looked at.
    """

    exported: int
    promised: int
    audited: int


def look(api: Api, answers: Iterable[Answer]) -> Kept:
    """Download everything that ``answers`` promised, and audit the stack; fails if anything is not as it should be."""
    listed = [answer for answer in answers if answer.package]
    checksums = {answer.package: answer.checksum for answer in listed if answer.kind == "export"}
    promises = {answer.package for answer in listed if answer.kind == "later"}
    assert len(checksums) + len(promises) == len(listed), "no package was promised twice"

    token = api.token("tenant-7f3a9b12")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = dict(zip(promises, pool.map(partial(_outcome, api, token), promises), strict=True))
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
    return Kept(len(checksums) - len(promises), len(promises), audited)


def _outcome(api: Api, token: str, package: str) -> str:
    """The checksum of a promised package once it is there, or what became of it instead."""
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
