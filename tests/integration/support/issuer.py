"""An issuer of tokens: a key of its own, its public half behind an HTTP server on this machine, and tokens."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY_ID: Final = "key-1"


class Issuer:
    """Signs tokens and answers with its keys.

    Attributes:
        asked: How often the keys were fetched.
        status: What the server answers with.
    """

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.url = ""
        self.asked = 0
        self.status = 200

    def token(self, issuer: str, *tenants: str, key: rsa.RSAPrivateKey | None = None, **changes: Any) -> str:  # noqa: ANN401
        """A good token but for the changes; a claim changed to ``...`` is left out."""
        now = int(time.time())
        good = {
            "iss": issuer,
            "aud": "installhub",
            "sub": "hr-automation",
            "iat": now,
            "exp": now + 300,
            "tenants": list(tenants),
            "scope": "installhub:export openid",
        }
        claims = {name: value for name, value in {**good, **changes}.items() if value is not ...}
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers={"kid": KEY_ID})

    def document(self) -> bytes:
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return json.dumps({"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}).encode()


@contextmanager
def serving() -> Iterator[Issuer]:
    """An issuer whose server runs."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            body = issuer.document()
            self.send_response(issuer.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing to stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}/.well-known/jwks.json"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
