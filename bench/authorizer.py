"""Row 13: CPU time of a warm call of the authorizer, compared with the last release's in the same run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from bench import cold_start
from bench.harness import PROJECT, SCRATCH, CannotRunError, Outcome, Timed, at_most, log_progress, save_figures
from local.issuer import DEFAULT_SCOPE, Issuer
from tools.upgrade.release import last_release

RELEASE: Final = SCRATCH / "last-release"
PROCESS: Final = Path(__file__).with_name("authorizer_process.py")
ROUNDS: Final = 25
CALLS: Final = 400
"""Calls per round; a round of both takes about half a second."""
WARM_UP: Final = 200
TENANTS: Final = 50
LIFETIME: Final = 3600
TOKEN_ISSUER: Final = "https://login.example.com/"  # noqa: S105  # an address
AUDIENCE: Final = "installhub"
USAGE_KEY: Final = "installhub-bench-key-0000000000"


def run() -> list[Outcome]:
    """Measure row 13."""
    release = last_release()
    if not release.is_available():
        raise CannotRunError(f"this clone lacks the commit of {release.version}; run `git fetch --unshallow`")
    subprocess.run(["rm", "-rf", str(RELEASE)], check=True)  # our own folder
    release.extract(RELEASE)
    issuer = Issuer(SCRATCH / "issuer.pem")
    tokens = [issuer.token(TOKEN_ISSUER, AUDIENCE, [f"tenant-{n}"], DEFAULT_SCOPE, LIFETIME) for n in range(TENANTS)]
    with services(issuer) as url, ExitStack() as running:
        authorizers = {
            "ours": running.enter_context(authorizer(PROJECT, cold_start.build(), url, tokens)),
            "last release": running.enter_context(
                authorizer(RELEASE, cold_start.build(RELEASE, SCRATCH / "last-release-layer"), url, tokens)
            ),
        }
        for calls in authorizers.values():
            calls(WARM_UP)
        seconds: dict[str, list[float]] = {name: [] for name in authorizers}
        for turn in range(ROUNDS):
            for name, calls in authorizers.items():
                seconds[name].append(calls(CALLS) / CALLS)
            if (turn + 1) % (ROUNDS // 5) == 0:
                figures = ", ".join(f"{name} {taken[-1] * 1e6:.0f} us" for name, taken in seconds.items())
                log_progress(f"round {turn + 1} of {ROUNDS}: {figures}")
    timed = Timed(seconds)
    microseconds = {name: timed.median(name) * 1e6 for name in authorizers}
    save_figures("authorizer", microseconds)
    return [
        at_most(
            "13 authorizer: cpu of a warm call",
            timed.ratio("ours", "last release"),
            1.1,
            f"{microseconds['ours']:.0f} us of the whole handler, versus {microseconds['last release']:.0f} us of release "
            f"{release.version} ({release.commit[:7]}); signing keys and usage-plan keys cached, tokens of {TENANTS} tenants, "
            f"{CALLS} calls in each of {ROUNDS} rounds, built layers, Python {sys.version.split()[0]}",
        )
    ]


@contextmanager
def authorizer(project: Path, layer: Path, url: str, tokens: list[str]) -> Iterator[Callable[[int], float]]:
    """Start the authorizer of a release; yields a function that makes a number of calls and returns their CPU time."""
    process = subprocess.Popen(  # our own command
        [sys.executable, "-S", "-B", str(PROCESS)],
        cwd="/",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(project / "functions" / "authorizer"), str(layer)]),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_ENDPOINT_URL": url,
            "POWERTOOLS_SERVICE_NAME": "installhub",
            "POWERTOOLS_METRICS_NAMESPACE": "InstallHub",
            "TOKEN_ISSUER": TOKEN_ISSUER,
            "TOKEN_AUDIENCE": AUDIENCE,
            "JWKS_URI": f"{url}/jwks.json",
            "AUDIENCE_CLAIMS": "aud",
            "SCOPE_CLAIMS": "scope,scp",
            "SCOPE_NAMES": "",
            "TENANT_CLAIMS": "tenants,tenant_id",
            "CLOCK_SKEW_SECONDS": "60",
            "PLANS_TABLE": "plans",
            "SHARED_USAGE_KEY": "installhub-shared-key-0000000000",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    sent, printed = process.stdin, process.stdout
    if sent is None or printed is None:
        raise TypeError("the process has no pipes")

    def calls(count: int) -> float:
        sent.write(f"{count}\n")
        sent.flush()
        return float(printed.readline())

    try:
        event = json.loads((project / "events" / "authorizer.json").read_text(encoding="utf-8"))
        sent.write(f"{json.dumps(event)}\n{json.dumps(tokens)}\n")
        yield calls
    finally:
        process.communicate(timeout=60)


@contextmanager
def services(issuer: Issuer) -> Iterator[str]:
    """Serve the issuer's keys, and a plans table in which every tenant has a key, at the yielded address."""
    now = str(int(time.time()))
    item = {"usageKey": {"S": USAGE_KEY}, "readyAt": {"N": "0"}, "seenAt": {"N": now}, "lastSeenAt": {"N": now}}
    responses = {"GET": json.dumps(issuer.jwks).encode(), "POST": json.dumps({"Item": item}).encode()}

    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = responses[self.command]
            self.send_response(200)
            self.send_header(
                "Content-Type", "application/x-amz-json-1.0" if self.command == "POST" else "application/json"
            )
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _respond  # noqa: N815  # http.server's names

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
