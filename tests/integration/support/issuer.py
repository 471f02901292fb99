"""An issuer of tokens: a key of its own, its public half behind an HTTP server on this machine, and tokens."""

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
    """Signs tokens and answers with its keys.

    Attributes:
        key: What it signs with.
        server: Publishes the public half.
    """

    key: rsa.RSAPrivateKey
    server: key_server.KeyServer

    @property
    def asked(self) -> int:
        """How often the keys were fetched."""
        return len(self.server.requested_paths)

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


@contextmanager
def serving() -> Iterator[Issuer]:
    """An issuer whose server runs."""
    key = rsa.generate_private_key(65537, 2048)
    with key_server.run_key_server(key_server.public_jwk(key, KEY_ID)) as server:
        yield Issuer(key, server)
