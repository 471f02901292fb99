"""``fetch`` with real servers on the loopback interface."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.error import URLError

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from installhub.identity.jwks import JwksCache, KeysUnavailableError, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODY = b'{"keys": []}'


class Issuer(ThreadingHTTPServer):
    """A server whose response depends on the path; records the requested paths."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requested_paths: list[str] = []
        self.closing = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore errors; some tests close the connection early."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Issuer

    def do_GET(self) -> None:
        self.server.requested_paths.append(self.path)
        match self.path.strip("/").split("-"):
            case ["size", size]:
                self.respond(200, b" " * int(size))
            case ["status", status]:
                self.respond(int(status), BODY)
            case ["redirect", status]:
                self.respond(int(status), BODY, Location="/ok")
            case ["silent"]:
                self.server.closing.wait(10)
            case ["drip"]:
                self.send_slowly()
            case ["endless"]:
                self.send_endlessly()
            case ["garbage"]:
                self.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n")
            case ["chunks"]:
                self.respond(200, b"C\r\n" + BODY + b"\r\n0\r\n\r\n", **{"Transfer-Encoding": "chunked"})
            case ["broken", "chunks"]:
                self.respond(200, b"FF\r\n" + BODY, **{"Transfer-Encoding": "chunked"})
            case _:
                self.respond(200, BODY)

    def respond(self, status: int, body: bytes, **headers: str) -> None:
        self.close_connection = True
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Transfer-Encoding" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_slowly(self) -> None:
        self.send_response(200)
        self.end_headers()
        while not self.server.closing.wait(0.05):
            self.wfile.write(b" ")

    def send_endlessly(self) -> None:
        self.send_response(200)
        self.end_headers()
        while not self.server.closing.is_set():
            self.wfile.write(b" " * 65536)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Suppress logging to stderr."""


@contextmanager
def run_server(issuer: Issuer) -> Iterator[str]:
    thread = threading.Thread(target=issuer.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{issuer.server_port}"
    finally:
        issuer.closing.set()
        issuer.shutdown()
        thread.join()
        issuer.server_close()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def url(issuer: Issuer) -> Iterator[str]:
    with run_server(issuer) as address:
        yield f"http://{address}"


@pytest.mark.parametrize("path", ["/ok", "/chunks", "/.well-known/jwks.json?tenant=1"])
def test_the_body_of_a_good_response_is_returned(issuer: Issuer, url: str, path: str) -> None:
    assert fetch(url + path) == BODY
    assert issuer.requested_paths == [path]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(issuer: Issuer, url: str, status: int) -> None:
    with pytest.raises(KeysUnavailableError, match=str(status)):
        fetch(f"{url}/redirect-{status}")
    assert issuer.requested_paths == [f"/redirect-{status}"]


@pytest.mark.parametrize("status", [201, 206, 400, 401, 404, 429, 500, 503])
def test_any_other_status_is_a_failure(url: str, status: int) -> None:
    with pytest.raises(KeysUnavailableError, match=str(status)):
        fetch(f"{url}/status-{status}")


def test_the_longest_response_and_one_byte_more(url: str) -> None:
    assert len(fetch(f"{url}/size-262144")) == 262144
    with pytest.raises(KeysUnavailableError, match="too large"):
        fetch(f"{url}/size-262145")
    with pytest.raises(KeysUnavailableError, match="too large"):
        fetch(f"{url}/ok", max_bytes=len(BODY) - 1)


def test_an_endless_response_is_cut_off(url: str) -> None:
    with pytest.raises(KeysUnavailableError, match="too large"):
        fetch(f"{url}/endless")


@pytest.mark.parametrize("path", ["/silent", "/drip"])
def test_a_slow_issuer_is_a_failure(url: str, path: str) -> None:
    started = time.monotonic()
    with pytest.raises(KeysUnavailableError):
        fetch(url + path, timeout=0.3)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("path", ["/garbage", "/broken-chunks"])
def test_a_response_that_is_not_http_is_a_failure_with_its_cause(url: str, path: str) -> None:
    with pytest.raises(KeysUnavailableError) as raised:
        fetch(url + path)
    assert raised.value.__cause__ is not None


def test_a_refused_connection_is_a_failure_with_its_cause(issuer: Issuer) -> None:
    issuer.server_close()
    with pytest.raises(KeysUnavailableError) as raised:
        fetch(f"http://127.0.0.1:{issuer.server_port}/ok")
    assert isinstance(raised.value.__cause__, OSError)


@pytest.mark.parametrize(
    "address",
    [
        *("", "/etc/passwd", "file:///etc/passwd", "ftp://127.0.0.1/jwks", "data:,{}", "127.0.0.1/jwks"),
        *("http://", "http:///jwks", "http://[", "http://127.0.0.1:port/", "http://127.0.0.1/a b\r\nX: 1"),
    ],
)
def test_other_schemes_and_broken_addresses_are_failures(address: str) -> None:
    with pytest.raises(KeysUnavailableError):
        fetch(address)


def test_a_proxy_of_the_environment_is_not_used(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert fetch(f"{url}/ok") == BODY


def test_an_untrusted_certificate_is_refused(issuer: Issuer, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "issuer.pem"))
    issuer.socket = context.wrap_socket(issuer.socket, server_side=True)

    with run_server(issuer) as address, pytest.raises(KeysUnavailableError) as raised:
        fetch(f"https://{address}/ok")

    assert isinstance(raised.value.__cause__, URLError)
    assert isinstance(raised.value.__cause__.reason, ssl.SSLCertVerificationError)
    assert issuer.requested_paths == []


def test_the_cache_reports_a_failed_fetch(url: str) -> None:
    cache = JwksCache(lambda: fetch(f"{url}/status-503"))

    with pytest.raises(KeysUnavailableError):
        cache.key("any")
    assert "503" in str(cache.failure)


def self_signed(path: Path) -> Path:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path
