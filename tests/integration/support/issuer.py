"""A token issuer with a local HTTP server for its public key."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests import key_server

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY_ID: Final = "key-1"


@dataclass(frozen=True)
class Issuer:
    """Signs tokens and serves its key set.

    Attributes:
        key: The signing key.
        server: The server that publishes the public key.
    """

    key: rsa.RSAPrivateKey
    server: key_server.KeyServer

    @property
    def fetch_count(self) -> int:
        """The number of requests for the key set."""
        return len(self.server.requested_paths)

    def token(self, issuer: str, *tenants: str, key: rsa.RSAPrivateKey | None = None, **changes: Any) -> str:  # noqa: ANN401
        """Return a valid token with ``changes`` applied; a claim changed to ``...`` is omitted."""
        now = int(time.time())
        valid = {
            "iss": issuer,
            "aud": "installhub",
            "sub": "hr-automation",
            "iat": now,
            "exp": now + 300,
            "tenants": list(tenants),
            "scope": "installhub:export openid",
        }
        claims = {name: value for name, value in {**valid, **changes}.items() if value is not ...}
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers={"kid": KEY_ID})


@contextmanager
def run_issuer() -> Iterator[Issuer]:
    """Run an issuer."""
    key = rsa.generate_private_key(65537, 2048)
    with key_server.run_key_server(key_server.public_jwk(key, KEY_ID)) as server:
        yield Issuer(key, server)
