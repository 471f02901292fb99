"""Callers of a deployed stack for Locust; `generator.py` starts it in a separate environment.

`INSTALLHUB_LOAD` is the path of a JSON file with the callers' settings. Every response is appended to `answers.jsonl`
next to it immediately, one line each, so that no response is lost if the generator crashes.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import gevent
from locust import HttpUser

CONFIGURATION: Final = Path(os.environ["INSTALLHUB_LOAD"])
CONFIG: Final = json.loads(CONFIGURATION.read_text(encoding="utf-8"))
TIMEOUT: Final = 120
PUSHED_BACK: Final = (429, 503)

Result = dict[str, Any]

_output = CONFIGURATION.with_name("answers.jsonl").open("w", encoding="utf-8", buffering=1)
_numbers = itertools.count()
_exported: list[Result] = []


class UnexpectedError(Exception):
    """An answer is not what the contract says."""


def _body(**fields: Any) -> Result:  # noqa: ANN401  # fields of any type
    """What asks for an export of a version that nobody asked for before."""
    number = next(_numbers)
    root = CONFIG["roots"][number % len(CONFIG["roots"])]
    return {
        "tenantId": CONFIG["tenant"],
        "packageName": f"Load {CONFIG['phase']}",
        "packageType": "workflow-package",
        "version": f"1.{number}.0",
        "artifactIds": [root],
        **fields,
    }


def _call(user: Any, status: int, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401  # locust's, for us untyped
    """Call, and have that status or nothing; what took how long is noted in ``user.last``."""
    headers = {"Authorization": f"Bearer {CONFIG['token']}", **options.pop("headers", {})}
    started = time.perf_counter()
    answer = user.client.request(method, f"{CONFIG['url']}{path}", headers=headers, timeout=TIMEOUT, **options)
    user.last = {
        "status": answer.status_code,
        "seconds": round(time.perf_counter() - started, 5),
        "wait": answer.headers.get("Retry-After") if answer.headers else None,
    }
    if answer.status_code != status:
        raise UnexpectedError(f"{answer.status_code} instead of {status}: {(answer.text or '')[:300]}")
    return answer


def _must(*, hold: bool, why: str) -> None:
    if not hold:
        raise UnexpectedError(why)


def preview(user: Any) -> Result:  # noqa: ANN401
    """The graph of a package to be."""
    body = _body()
    answer = _call(user, 200, "POST", "/preview", json={name: body[name] for name in ("tenantId", "artifactIds")})
    _must(hold=answer.json()["installOrder"][-1] == body["artifactIds"][0], why="the root is not installed last")
    return {}


def export(user: Any) -> Result:  # noqa: ANN401
    """A new version."""
    body = _body()
    package = _call(user, 200, "POST", "/export", json=body).json()
    kept = {"package": package["packageId"], "checksum": package["checksum"]}
    _exported.append({**kept, "body": body})
    return kept


def _earlier(user: Any) -> Result:  # noqa: ANN401
    """An export that succeeded; the callers ask for one of the last ones."""
    while not _exported:  # the very first is on its way
        gevent.sleep(0.05)
    earlier: Result = _exported[-1 - user.turns % min(len(_exported), 50)]
    return earlier


def get(user: Any) -> Result:  # noqa: ANN401
    """What an earlier export said."""
    earlier = _earlier(user)
    package = _call(user, 200, "GET", f"/{earlier['package']}").json()
    _must(hold=package["checksum"] == earlier["checksum"], why="another checksum than the export's")
    return {}


def download(user: Any) -> Result:  # noqa: ANN401
    """The bytes of an earlier export."""
    earlier = _earlier(user)
    content = _call(user, 200, "GET", f"/{earlier['package']}/download").content
    _must(hold=f"sha256:{hashlib.sha256(content).hexdigest()}" == earlier["checksum"], why="other bytes")
    return {}


def conflict(user: Any) -> Result:  # noqa: ANN401
    """A version that is there."""
    _call(user, 409, "POST", "/export", json=_earlier(user)["body"])
    return {}


def refusal(user: Any) -> Result:  # noqa: ANN401
    """What the product has to refuse, each in its turn."""
    ways: list[Callable[[], Any]] = [
        lambda: _call(user, 400, "POST", "/export", json=_body(artifactIds=["there-is-none"])),
        lambda: _call(user, 400, "POST", "/export", json=_body(version="1")),
        lambda: _call(user, 403, "POST", "/export", json=_body(tenantId="tenant-of-others")),
        lambda: _call(user, 404, "GET", "/pkg-00000000-0000-5000-8000-000000000000"),
        lambda: _call(user, 401, "GET", f"/{CONFIG['phase']}", headers={"Authorization": ""}),
    ]
    ways[next(_refusals) % len(ways)]()
    return {}


def later(user: Any) -> Result:  # noqa: ANN401
    """An asynchronous export."""
    answer = _call(user, 202, "POST", "/export", json=_body(), headers={"Prefer": "respond-async"})
    return {"package": answer.json()["packageId"]}


def floor(user: Any) -> Result:  # noqa: ANN401
    """A function that does nothing."""
    _call(user, 200, "POST", "", json={})
    return {}


_refusals = itertools.count()
_MIX = (export, preview, get, download, preview, export, refusal, preview, get, export, later, preview, download)
_DECK = itertools.cycle([*_MIX, export, conflict, preview, get, refusal, export, preview])
"""All callers draw from one deck of twenty, so that every run has each kind in the same proportion."""


def turn(user: Any) -> None:  # noqa: ANN401
    """One request, and a line about it."""
    if (drawn := next(_turns)) >= CONFIG["most"]:
        user.environment.runner.quit()
        return
    user.turns, user.last = drawn, {"status": 0, "seconds": 0.0, "wait": None}
    ask = floor if CONFIG["floor"] else next(_DECK)
    line: Result = {"kind": ask.__name__, "at": time.time()}
    try:
        line |= {"outcome": "expected", **ask(user)}
    except (UnexpectedError, KeyError, ValueError, LookupError) as error:
        pushed_back = user.last["status"] in PUSHED_BACK and user.last["wait"]
        line |= {"outcome": "pushed back" if pushed_back else "failed", "detail": str(error)}
    _output.write(json.dumps({**line, **user.last}) + "\n")
    if line["outcome"] == "pushed back":  # a caller that knows its manners
        gevent.sleep(float(user.last["wait"]))


_turns = itertools.count()


class Caller(HttpUser):  # type: ignore[misc]  # locust is not in this environment
    """Sends one request after another, at once or at a steady rate."""

    tasks = (turn,)

    def wait_time(self) -> float:
        """Seconds until the next turn: none, or what the rate leaves of the turn's share."""
        if not CONFIG["rate"]:
            return 0.0
        self.due = max(getattr(self, "due", time.monotonic()) + CONFIG["callers"] / CONFIG["rate"], time.monotonic())
        return float(self.due - time.monotonic())
