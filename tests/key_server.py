"""HTTP servers that publish key sets and record requests, and a deployed authorizer that uses one."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from jwt.algorithms import RSAAlgorithm

from local.issuer import Issuer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

    from tests.system.client import Api

_starts: Final = itertools.count(1)


@dataclass
class KeyServer:
    """A server with the same response for every path.

    Attributes:
        keys: The published keys.
        status: HTTP status of responses.
        requested_paths: The paths of all requests, in order.
    """

    keys: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    requested_paths: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def run_key_server(*keys: dict[str, Any]) -> Iterator[KeyServer]:
    """Run a key server on a free port."""
    key_server = KeyServer(list(keys))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            key_server.requested_paths.append(self.path)
            body = json.dumps({"keys": key_server.keys}).encode()
            self.send_response(key_server.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Suppress logging to stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    key_server.url = f"http://127.0.0.1:{server.server_port}/jwks.json"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield key_server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def public_jwk(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    """Return the public key of ``key`` as a JWK."""
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256"}


@dataclass
class CountedAuthorizer:
    """A stack's authorizer that fetches its keys from a counting key server.

    Attributes:
        api: The stack.
        issuer: The key server. It publishes the key of the stack's issuer, so that the stack's tokens are valid.
    """

    api: Api
    issuer: KeyServer

    @property
    def requests(self) -> int:
        """The number of requests to the issuer since the last restart."""
        return len(self.issuer.requested_paths)

    def restart(self) -> None:
        """Restart the authorizer, so that its key cache is empty, and reset the counter."""
        address = f"{self.issuer.url}?start={next(_starts)}"
        self.api.change_variables(self.api.stack.outputs["AuthorizerFunction"], JWKS_URI=address)
        self.issuer.requested_paths.clear()


@contextmanager
def counted_authorizer(api: Api) -> Iterator[CountedAuthorizer]:
    """Let the authorizer of ``api`` fetch its keys from a counting key server within the context."""
    (key,) = Issuer(api.state.issuer_key).jwks["keys"]
    name = api.stack.outputs["AuthorizerFunction"]
    with run_key_server(key) as issuer, api.changed_variables(name, JWKS_URI=issuer.url):
        yield CountedAuthorizer(api, issuer)
