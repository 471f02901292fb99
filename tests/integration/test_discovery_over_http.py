"""OpenID Connect discovery with a real server, which misbehaves in every way."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from installhub.identity import jwks
from installhub.identity.discovery import DiscoveredKeys
from installhub.identity.jwks import JwksCache, KeysUnavailableError, fetch
from tests.key_server import public_jwk

DISCOVERY = "/.well-known/openid-configuration"
KEY = rsa.generate_private_key(65537, 2048)


class Issuer(ThreadingHTTPServer):
    """An issuer whose discovery document and key set misbehave as ``fault`` says; none if it is empty."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.fault = ""
        self.requested: list[str] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def document(self) -> dict[str, str]:
        return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore errors; the client closes connections early."""


class Handler(BaseHTTPRequestHandler):
    server: Issuer

    def do_GET(self) -> None:
        self.server.requested.append(self.path)
        document = self.server.document()
        contents: dict[str, object] = {DISCOVERY: document, "/keys": {"keys": [public_jwk(KEY, "key-1")]}}
        body = json.dumps(contents[self.path]).encode()
        if self.server.fault == "silent":
            self.server.closing.wait(20)
            return
        status = {"redirect": 302, "error": 500}.get(self.server.fault, 200)
        wrong_bodies = {
            "garbage": b"<html>not found</html>",
            "no object": b"[1, 2, 3]",
            "another issuer": json.dumps({**document, "issuer": "https://other.example"}).encode(),
            "no address": json.dumps({"issuer": self.server.url}).encode(),
            "file address": json.dumps({**document, "jwks_uri": "file:///etc/passwd"}).encode(),
            "huge": body + b" " * 300 * 1024,
        }
        self.respond(status, wrong_bodies.get(self.server.fault, body), self.path if status == 302 else "")

    def respond(self, status: int, body: bytes, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


FAULTS = [
    *("garbage", "no object", "another issuer", "no address", "file address"),
    *("redirect", "huge", "error", "silent"),
]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    server = Issuer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(issuer: Issuer) -> Callable[..., JwksCache]:
    """Return a function that creates the key cache of a new process."""

    def new(clock: Callable[[], float] = time.monotonic) -> JwksCache:
        return JwksCache(DiscoveredKeys(issuer.url, lambda url: fetch(url, timeout=0.5)), clock)

    return new


def test_a_process_discovers_and_fetches_once(issuer: Issuer, cache: Callable[..., JwksCache]) -> None:
    keys = cache()

    assert [keys.key("key-1") for _ in range(3)] == [KEY.public_key()] * 3
    assert issuer.requested == [DISCOVERY, "/keys"]


@pytest.mark.parametrize("fault", FAULTS)
def test_without_earlier_keys_they_are_unavailable(issuer: Issuer, cache: Callable[..., JwksCache], fault: str) -> None:
    issuer.fault = fault

    with pytest.raises(KeysUnavailableError):
        cache().key("key-1")
    assert len(issuer.requested) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_the_last_good_keys_remain_in_use_and_the_next_ones_are_found(
    issuer: Issuer, cache: Callable[..., JwksCache], fault: str
) -> None:
    now = 0.0
    keys = cache(lambda: now)
    keys.key("key-1")
    issuer.fault = fault
    for _ in range(3):
        now += 400

        assert keys.key("key-1") == KEY.public_key()

    issuer.fault = ""
    now += 400
    assert keys.key("key-1") == KEY.public_key()
    assert keys.failure is None


def test_the_limits_are_those_of_every_fetch() -> None:
    assert DiscoveredKeys.__init__.__defaults__ == (jwks.fetch,)
