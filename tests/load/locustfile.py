"""Callers of a deployed stack for Locust; `generator.py` starts it in a separate environment.

`INSTALLHUB_LOAD` is the path of a JSON file with the callers' settings. Every result is appended to `results.jsonl`
next to it immediately, one line each, so that no result is lost if the generator crashes.
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
THROTTLED: Final = (429, 503)

Result = dict[str, Any]

_output = CONFIGURATION.with_name("results.jsonl").open("w", encoding="utf-8", buffering=1)
_numbers = itertools.count()
_exported: list[Result] = []


class UnexpectedError(Exception):
    """A response violates the contract."""


def _body(**fields: Any) -> Result:  # noqa: ANN401  # fields of any type
    """Return a request for an export of a new version."""
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


def _call(user: Any, status: int, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401  # locust has no types
    """Send a request, require the ``status``, and return the response; its timing is stored in ``user.last``."""
    headers = {"Authorization": f"Bearer {CONFIG['token']}", **options.pop("headers", {})}
    started = time.perf_counter()
    response = user.client.request(method, f"{CONFIG['url']}{path}", headers=headers, timeout=TIMEOUT, **options)
    user.last = {
        "status": response.status_code,
        "seconds": round(time.perf_counter() - started, 5),
        "wait": response.headers.get("Retry-After") if response.headers else None,
    }
    if response.status_code != status:
        raise UnexpectedError(f"{response.status_code} instead of {status}: {(response.text or '')[:300]}")
    return response


def _require(condition: bool, message: str) -> None:  # noqa: FBT001
    if not condition:
        raise UnexpectedError(message)


def preview(user: Any) -> Result:  # noqa: ANN401
    """Preview a package."""
    body = _body()
    response = _call(user, 200, "POST", "/preview", json={name: body[name] for name in ("tenantId", "artifactIds")})
    _require(response.json()["installOrder"][-1] == body["artifactIds"][0], "the root is not installed last")
    return {}


def export(user: Any) -> Result:  # noqa: ANN401
    """Export a new version."""
    body = _body()
    package = _call(user, 200, "POST", "/export", json=body).json()
    exported = {"package": package["packageId"], "checksum": package["checksum"]}
    _exported.append({**exported, "body": body})
    return exported


def _earlier_export(user: Any) -> Result:  # noqa: ANN401
    """Return one of the last 50 successful exports."""
    while not _exported:  # the first export is still running
        gevent.sleep(0.05)
    earlier: Result = _exported[-1 - user.sequence % min(len(_exported), 50)]
    return earlier


def get(user: Any) -> Result:  # noqa: ANN401
    """Get the metadata of an earlier export."""
    earlier = _earlier_export(user)
    package = _call(user, 200, "GET", f"/{earlier['package']}").json()
    _require(package["checksum"] == earlier["checksum"], "the checksum differs from the export's")
    return {}


def download(user: Any) -> Result:  # noqa: ANN401
    """Download the bundle of an earlier export."""
    earlier = _earlier_export(user)
    content = _call(user, 200, "GET", f"/{earlier['package']}/download").content
    _require(f"sha256:{hashlib.sha256(content).hexdigest()}" == earlier["checksum"], "the content differs")
    return {}


def conflict(user: Any) -> Result:  # noqa: ANN401
    """Export a version that exists."""
    _call(user, 409, "POST", "/export", json=_earlier_export(user)["body"])
    return {}


def error(user: Any) -> Result:  # noqa: ANN401
    """Send one of the invalid requests, in turn."""
    requests: list[Callable[[], Any]] = [
        lambda: _call(user, 400, "POST", "/export", json=_body(artifactIds=["there-is-none"])),
        lambda: _call(user, 400, "POST", "/export", json=_body(version="1")),
        lambda: _call(user, 403, "POST", "/export", json=_body(tenantId="tenant-of-others")),
        lambda: _call(user, 404, "GET", "/pkg-00000000-0000-5000-8000-000000000000"),
        lambda: _call(user, 401, "GET", f"/{CONFIG['phase']}", headers={"Authorization": ""}),
    ]
    requests[next(_errors) % len(requests)]()
    return {}


def async_export(user: Any) -> Result:  # noqa: ANN401
    """Request an asynchronous export."""
    response = _call(user, 202, "POST", "/export", json=_body(), headers={"Prefer": "respond-async"})
    return {"package": response.json()["packageId"]}


def baseline(user: Any) -> Result:  # noqa: ANN401
    """Call the baseline function."""
    _call(user, 200, "POST", "", json={})
    return {}


_errors = itertools.count()
_MIX = (export, preview, get, download, preview, export, error, preview, get, export, async_export, preview, download)
_REQUESTS = itertools.cycle([*_MIX, export, conflict, preview, get, error, export, preview])
"""All callers share one cycle of twenty requests, so that every run has the same mix."""


def send_next(user: Any) -> None:  # noqa: ANN401
    """Send the next request and write a line with its result."""
    if (number := next(_sequence)) >= CONFIG["max_requests"]:
        user.environment.runner.quit()
        return
    user.sequence, user.last = number, {"status": 0, "seconds": 0.0, "wait": None}
    send = baseline if CONFIG["baseline"] else next(_REQUESTS)
    line: Result = {"kind": send.__name__, "at": time.time()}
    try:
        line |= {"outcome": "expected", **send(user)}
    except (UnexpectedError, KeyError, ValueError, LookupError) as failure:
        throttled = user.last["status"] in THROTTLED and user.last["wait"]
        line |= {"outcome": "throttled" if throttled else "failed", "detail": str(failure)}
    _output.write(json.dumps({**line, **user.last}) + "\n")
    if line["outcome"] == "throttled":
        gevent.sleep(float(user.last["wait"]))


_sequence = itertools.count()


class Caller(HttpUser):  # type: ignore[misc]  # locust is installed in a separate environment
    """Sends one request after another, at once or at a steady rate."""

    tasks = (send_next,)

    def wait_time(self) -> float:
        """Return the seconds until the next request: 0, or what keeps the configured rate."""
        if not CONFIG["rate"]:
            return 0.0
        self.due = max(getattr(self, "due", time.monotonic()) + CONFIG["callers"] / CONFIG["rate"], time.monotonic())
        return float(self.due - time.monotonic())
