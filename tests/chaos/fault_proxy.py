"""A proxy between a deployed function and AWS that numbers the function's calls and injects a fault into one of them.

Faults of AWS itself are injected by microburst: the proxy forwards requests that must fail to it, with a header that
names the fault. All other requests are forwarded to AWS directly, because microburst changes the signed host. The proxy
does what microburst cannot: select a single call of an export, drop the response to a call that was executed, leave
keys of a batch unprocessed, and kill the caller before or after a call.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

INJECT: Final = "x-inject"
"""The header that selects microburst's fault."""

_LOOPBACK: Final = "127.0.0.1"
_UPSTREAM_SECONDS: Final = 30
_HOP_BY_HOP: Final = frozenset({"connection", "content-length", "expect", "keep-alive", "transfer-encoding"})
_S3_OPERATIONS: Final[Mapping[tuple[str, str], str]] = {
    ("GET", ""): "GetObject",
    ("PUT", ""): "PutObject",
    ("DELETE", ""): "DeleteObject",
    ("POST", "uploads"): "CreateMultipartUpload",
    ("PUT", "uploadId"): "UploadPart",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
}


@dataclass(frozen=True)
class Response:
    """A response of the service."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Request:
    """One attempt of a call.

    Attributes:
        body: The request's body.
        forward: Sends the request with additional headers, and returns the response.
    """

    body: bytes
    forward: Callable[[Mapping[str, str]], Response]


Fault = Callable[[Request], Response | None]
"""Handles a request in place of the proxy; if it returns None, the connection is closed without a response."""


def microburst_fault(kind: str) -> Fault:
    """Return the fault of microburst with this name."""
    return lambda request: request.forward({INJECT: kind})


def drop_response(request: Request) -> None:
    """Execute the request and drop its response."""
    request.forward({})


def kill_before(kill: Callable[[], None]) -> Fault:
    """Return a fault that kills the caller without forwarding the request."""
    return lambda _: kill()


def kill_after(kill: Callable[[], None]) -> Fault:
    """Return a fault that executes the request and kills the caller before it gets the response."""

    def forward_and_kill(request: Request) -> None:
        request.forward({})
        kill()

    return forward_and_kill


def process_one_key(request: Request) -> Response:
    """Process only the first key of a BatchGetItem and return the others as unprocessed."""
    ((table, batch),) = json.loads(request.body)["RequestItems"].items()
    first, *rest = batch["Keys"]
    response = request.forward({})
    found = json.loads(response.body)["Responses"].get(table, [])
    return _batch(table, [item for item in found if first.items() <= item.items()], {**batch, "Keys": rest})


def process_no_key(request: Request) -> Response:
    """Return all keys of a BatchGetItem as unprocessed."""
    ((table, batch),) = json.loads(request.body)["RequestItems"].items()
    return _batch(table, [], batch)


def _batch(table: str, items: list[Any], unprocessed: Mapping[str, Any]) -> Response:
    unprocessed_keys = {table: unprocessed} if unprocessed["Keys"] else {}
    body = json.dumps({"Responses": {table: items}, "UnprocessedKeys": unprocessed_keys}).encode()
    return Response(200, {"Content-Type": "application/x-amz-json-1.0"}, body)


@dataclass
class FaultProxy:
    """A proxy that forwards all requests unless it is armed with a fault.

    Attributes:
        upstream: Host and port of AWS.
        microburst: Host and port of microburst.
        url: URL of the proxy.
        calls: The calls since the proxy was armed, in order; retries are not counted.
        attempts: Number of attempts of each call.
        faults: Number of injected faults.
    """

    upstream: str
    microburst: str
    url: str = ""
    calls: list[str] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    _call: str = ""
    _fault: Fault | None = None
    _remaining: int | None = None
    _names: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, call: str = "", fault: Fault | None = None, times: int | None = None) -> None:
        """Reset the counters and set the fault to inject.

        Args:
            call: The call: ``UpdateItem-2`` is the second UpdateItem, ``UpdateItem`` is every one.
            fault: The fault; None for none.
            times: Maximum number of faults; None for a fault in every attempt.
        """
        with self._lock:
            self._call, self._fault, self._remaining = call, fault, times
            self.calls, self.attempts, self._names, self.faults = [], Counter(), {}, 0

    def handle_request(self, operation: str, invocation: str, request: Request) -> Response | None:
        """Forward a request or inject the fault, and return the response."""
        with self._lock:
            if invocation not in self._names:
                number = sum(call.partition("-")[0] == operation for call in self.calls) + 1
                self._names[invocation] = f"{operation}-{number}"
                self.calls.append(self._names[invocation])
            call = self._names[invocation]
            self.attempts[call] += 1
            fault = self._fault if self._call in (operation, call) and self._remaining != 0 else None
            if fault is not None:
                self.faults += 1
                self._remaining = None if self._remaining is None else self._remaining - 1
        return request.forward({}) if fault is None else fault(request)


@contextmanager
def run_fault_proxy(upstream: str, microburst: str) -> Iterator[FaultProxy]:
    """Run a fault proxy on a free port of the loopback address."""
    fault_proxy = FaultProxy(upstream, microburst)

    class Handler(_Handler):
        proxy = fault_proxy

    with ThreadingHTTPServer((_LOOPBACK, 0), Handler) as server:
        fault_proxy.url = f"http://{_LOOPBACK}:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield fault_proxy
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    proxy: FaultProxy
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        with suppress(ConnectionError):  # the caller has timed out or was killed
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # name defined by the base class
        pass

    def relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(body, lambda extra: self._forward(body, extra))
        invocation = self.headers.get("amz-sdk-invocation-id", "")
        try:
            response = self.proxy.handle_request(self._operation(), invocation, request)
        except (ConnectionError, http.client.HTTPException):  # microburst has closed the connection
            response = None
        if response is None:
            self.close_connection = True
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    do_GET = do_PUT = do_POST = do_DELETE = relay  # noqa: N815  # names defined by the base class

    def _operation(self) -> str:
        if target := self.headers.get("X-Amz-Target"):
            return str(target).rpartition(".")[2]
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        kind = next((name for name in ("uploads", "uploadId") if name in query), "")
        return _S3_OPERATIONS[self.command, kind]

    def _forward(self, body: bytes, extra: Mapping[str, str]) -> Response:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        host = self.proxy.microburst if INJECT in extra else self.proxy.upstream
        connection = http.client.HTTPConnection(host, timeout=_UPSTREAM_SECONDS)
        try:
            connection.request(self.command, self.path, body, {**headers, **extra})
            response = connection.getresponse()
            return Response(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()
