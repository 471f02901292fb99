"""Who is calling: bearer tokens, verified against the issuer's published keys and reduced to a ``Caller``.

Nothing here reads the environment, talks to AWS or names an HTTP status; importing it loads no cryptography.

Typical wiring, once per process::

    keys = JwksCache(lambda: fetch_jwks(jwks_url))
    verifier = TokenVerifier(TokenPolicy(issuer=issuer, audience=audience), keys)
    token = bearer_token(headers.get("Authorization"))
"""

from __future__ import annotations

from installhub.auth.jwks import JwksCache, KeysUnavailable, UnknownKey, fetch_jwks
from installhub.auth.tokens import (
    Caller,
    InvalidToken,
    KeySource,
    TokenFault,
    TokenPolicy,
    TokenVerifier,
    bearer_token,
)

__all__ = [
    "Caller",
    "InvalidToken",
    "JwksCache",
    "KeySource",
    "KeysUnavailable",
    "TokenFault",
    "TokenPolicy",
    "TokenVerifier",
    "UnknownKey",
    "bearer_token",
    "fetch_jwks",
]
