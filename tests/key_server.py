"""HTTP servers that publish keys and count who asks, and an authorizer of a deployed stack that uses one."""

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
    """A server that answers every path alike.

    Attributes:
        keys: What it publishes.
        status: What it answers with.
        asked: The paths it was asked for, in order.
    """

    keys: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(*keys: dict[str, Any]) -> Iterator[KeyServer]:
    """A server that runs."""
    keeper = KeyServer(list(keys))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keeper.asked.append(self.path)
            body = json.dumps({"keys": keeper.keys}).encode()
            self.send_response(keeper.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing to stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    keeper.url = f"http://127.0.0.1:{server.server_port}/jwks.json"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield keeper
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def published(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    """The public half of ``key`` as a JWK."""
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256"}


@dataclass
class CountedAuthorizer:
    """A stack's authorizer, which fetches its keys from a server that counts.

    Attributes:
        api: The stack.
        issuer: The server. It publishes the stack's own key, so that the stack's tokens are good.
    """

    api: Api
    issuer: KeyServer

    @property
    def requests(self) -> int:
        """How often the issuer was asked since the authorizer started."""
        return len(self.issuer.asked)

    def start_anew(self) -> None:
        """Let the next request meet an authorizer that knows no keys yet, and count from zero."""
        address = f"{self.issuer.url}?start={next(_starts)}"
        self.api.change_variables(self.api.stack.outputs["AuthorizerFunction"], JWKS_URI=address)
        self.issuer.asked.clear()


@contextmanager
def counted(api: Api) -> Iterator[CountedAuthorizer]:
    """Let the authorizer of ``api`` take its keys from a server that counts, for a while."""
    (own,) = Issuer(api.state.issuer_key).jwks["keys"]
    name = api.stack.outputs["AuthorizerFunction"]
    with serving(own) as issuer, api.changed_variables(name, JWKS_URI=issuer.url):
        yield CountedAuthorizer(api, issuer)
