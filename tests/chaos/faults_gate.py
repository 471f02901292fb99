"""A gate that every AWS call of a deployed function passes: it names the calls, and lets one of them go wrong.

What AWS itself would say or not say is microburst's part; the gate hands it the requests that are to fail, with a
header that names the fault. All others go to AWS straight, since microburst does not keep the host that was signed.
The gate does what microburst cannot: single out one call of an export, lose the answer to a call that was carried out,
leave keys of a batch unprocessed, and stop at a moment to have the caller killed.
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
"""The header by which the gate asks microburst for a fault."""

_LOOPBACK: Final = "127.0.0.1"
_UPSTREAM_SECONDS: Final = 30
_NOT_PASSED_ON: Final = frozenset({"connection", "content-length", "expect", "keep-alive", "transfer-encoding"})
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
class Reply:
    """What the service answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Request:
    """One try of a call, and the way to carry it out."""

    body: bytes
    forward: Callable[[Mapping[str, str]], Reply]


Fault = Callable[[Request], Reply | None]
"""What becomes of a request; None: its connection breaks before any answer."""


def injected(kind: str) -> Fault:
    """Microburst's fault of that name instead of the service's answer."""
    return lambda request: request.forward({INJECT: kind})


def reply_lost(request: Request) -> None:
    """The service does what it was asked to, and nobody hears of it."""
    request.forward({})


def killed_before(kill: Callable[[], None]) -> Fault:
    """The caller dies; its request never arrives."""
    return lambda _: kill()


def killed_after(kill: Callable[[], None]) -> Fault:
    """The request is carried out, and the caller dies before it knows."""

    def fault(request: Request) -> None:
        request.forward({})
        kill()

    return fault


def one_key_at_a_time(request: Request) -> Reply:
    """Of a BatchGetItem the first key is processed, the rest is left to be asked for again."""
    ((table, asked),) = json.loads(request.body)["RequestItems"].items()
    first, *rest = asked["Keys"]
    reply = request.forward({})
    found = json.loads(reply.body)["Responses"].get(table, [])
    return _batch(table, [item for item in found if first.items() <= item.items()], {**asked, "Keys": rest})


def no_key_at_all(request: Request) -> Reply:
    """All keys of a BatchGetItem are left unprocessed."""
    ((table, asked),) = json.loads(request.body)["RequestItems"].items()
    return _batch(table, [], asked)


def _batch(table: str, items: list[Any], unprocessed: Mapping[str, Any]) -> Reply:
    left = {table: unprocessed} if unprocessed["Keys"] else {}
    body = json.dumps({"Responses": {table: items}, "UnprocessedKeys": left}).encode()
    return Reply(200, {"Content-Type": "application/x-amz-json-1.0"}, body)


@dataclass
class Gate:
    """The gate, open unless it is armed.

    Attributes:
        upstream: Host and port of AWS.
        microburst: Host and port of microburst.
        calls: The calls since the gate was armed, in order; a call that is tried again is one call.
        tries: How often each of them was tried.
        faults: How many requests went wrong.
    """

    upstream: str
    microburst: str
    url: str = ""
    calls: list[str] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    _point: str = ""
    _fault: Fault | None = None
    _left: int | None = None
    _names: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, point: str = "", fault: Fault | None = None, times: int | None = None) -> None:
        """Count from one again, and have a fault happen at a call.

        Args:
            point: The call: ``UpdateItem-2`` is the second UpdateItem, ``UpdateItem`` each of them.
            fault: What happens.
            times: How many requests go wrong before all is well again; None for all, tries included.
        """
        with self._lock:
            self._point, self._fault, self._left = point, fault, times
            self.calls, self.tries, self._names, self.faults = [], Counter(), {}, 0

    def pass_through(self, operation: str, invocation: str, request: Request) -> Reply | None:
        """Carry a request out, or let it go wrong."""
        with self._lock:
            if invocation not in self._names:
                number = sum(call.partition("-")[0] == operation for call in self.calls) + 1
                self._names[invocation] = f"{operation}-{number}"
                self.calls.append(self._names[invocation])
            call = self._names[invocation]
            self.tries[call] += 1
            fault = self._fault if self._point in (operation, call) and self._left != 0 else None
            if fault is not None:
                self.faults += 1
                self._left = None if self._left is None else self._left - 1
        return request.forward({}) if fault is None else fault(request)


@contextmanager
def gate(upstream: str, microburst: str) -> Iterator[Gate]:
    """A gate on a free port of the loopback address."""
    opened = Gate(upstream, microburst)

    class Handler(_Handler):
        gate = opened

    with ThreadingHTTPServer((_LOOPBACK, 0), Handler) as server:
        opened.url = f"http://{_LOOPBACK}:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield opened
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    gate: Gate
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        with suppress(ConnectionError):  # the caller has given up or is dead
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        pass

    def relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(body, lambda extra: self._forward(body, extra))
        invocation = self.headers.get("amz-sdk-invocation-id", "")
        try:
            reply = self.gate.pass_through(self._operation(), invocation, request)
        except (ConnectionError, http.client.HTTPException):  # microburst has cut the connection
            reply = None
        if reply is None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            if name.lower() not in _NOT_PASSED_ON:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_PUT = do_POST = do_DELETE = relay  # noqa: N815  # the base class looks for these names

    def _operation(self) -> str:
        if target := self.headers.get("X-Amz-Target"):
            return str(target).rpartition(".")[2]
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        kind = next((name for name in ("uploads", "uploadId") if name in query), "")
        return _S3_OPERATIONS[self.command, kind]

    def _forward(self, body: bytes, extra: Mapping[str, str]) -> Reply:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_PASSED_ON}
        host = self.gate.microburst if INJECT in extra else self.gate.upstream
        connection = http.client.HTTPConnection(host, timeout=_UPSTREAM_SECONDS)
        try:
            connection.request(self.command, self.path, body, {**headers, **extra})
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()
