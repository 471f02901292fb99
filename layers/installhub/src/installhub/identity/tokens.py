"""Verification of bearer tokens, and reading the caller from their claims.

Tokens are JWTs (RFC 7519) in compact serialization (RFC 7515), signed with RS256 (RFC 7518 section 3.3); the checks
follow RFC 8725. No message or exception contains any part of a token.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from installhub.identity.caller import Caller
from installhub.identity.jwks import UnknownKeyError, base64url_decode, json_object
from installhub.model.text import is_printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_BEARER = re.compile(r"bearer +([a-z0-9._~+/-]+=*)", re.IGNORECASE | re.ASCII)
_TYPES = frozenset({"jwt", "at+jwt"})
_REJECTED_PARAMETERS = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64"})
_MAX_NAME_LENGTH = 256
_MAX_NUMERIC_DATE = 253_402_300_799  # 9999-12-31T23:59:59Z


class TokenFault(StrEnum):
    """Why a token was rejected: a name for logs, and a text for an ``error_description`` (RFC 6750 section 3)."""

    MALFORMED = "The token is not a well-formed signed JWT."
    ALGORITHM = "The token is not signed with RS256."
    HEADER = "A token header parameter is missing, malformed or not accepted."
    UNKNOWN_KEY = "The token is signed with an unknown key."
    SIGNATURE = "The token signature is not valid."
    CLAIMS = "A token claim is missing or malformed."
    ISSUER = "The token was issued by another issuer."
    AUDIENCE = "The token was issued for another audience."
    EXPIRED = "The token has expired."
    NOT_YET_VALID = "The token is not valid yet."


class InvalidTokenError(Exception):
    """A token, or the ``Authorization`` header that should contain it, was rejected.

    Attributes:
        fault: The reason, which may be disclosed to the caller.
    """

    def __init__(self, fault: TokenFault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """What a token must contain.

    Attributes:
        issuer: The required ``iss``.
        audience: The required ``aud``, or one of several.
        scope_claims: Names of the claims that contain scopes.
        tenant_claims: Names of the claims that contain tenant ids.
        max_token_bytes: Maximum length of a token.
    """

    issuer: str
    audience: str
    scope_claims: tuple[str, ...] = ("scope", "scp")
    tenant_claims: tuple[str, ...] = ("tenants", "tenant_id")
    max_token_bytes: int = 8192


class KeySource(Protocol):
    """A source of public keys, such as :class:`~installhub.identity.jwks.JwksCache`."""

    def key(self, kid: str) -> RSAPublicKey:
        """Return the key with the id ``kid``, of at least 2048 bits.

        Raises:
            UnknownKeyError: There is no such key.
            KeysUnavailableError: The keys are unavailable.
        """


def bearer_token(authorization: str | None) -> str | None:
    """Return the token in the value of an ``Authorization`` header (RFC 6750 section 2.1, RFC 9110 section 11.4).

    Returns None if the header is missing or blank.

    Raises:
        InvalidTokenError: MALFORMED, unless the value is the scheme ``Bearer``, in any case, and exactly one token68.
    """
    value = (authorization or "").strip(" \t")
    if not value:
        return None
    match = _BEARER.fullmatch(value)
    if match is None:
        raise InvalidTokenError(TokenFault.MALFORMED)
    return match[1]


class TokenVerifier:
    """Verifies the tokens of one issuer. Create it once per process, since that loads the cryptography library."""

    def __init__(self, policy: TokenPolicy, keys: KeySource, clock: Callable[[], float] = time.time) -> None:
        from jwt import get_algorithm_by_name  # noqa: PLC0415 - slow to load, and only needed by a verifier

        self._policy, self._keys, self._clock = policy, keys, clock
        self._rs256 = get_algorithm_by_name("RS256")

    def verify(self, token: str) -> Caller:
        """Verify the signature and the claims of ``token``, and return the caller.

        The header is checked before the key is looked up, and the signature before the claims are read. There is no
        leeway: a token is valid from ``nbf`` and ``iat``, if present, until just before ``exp``.

        Raises:
            InvalidTokenError: The token is rejected.
            KeysUnavailableError: The issuer's keys are unavailable, so the token cannot be verified.
        """
        claims = self._signed_claims(token)
        if _text(claims.get("iss")) != self._policy.issuer:
            raise InvalidTokenError(TokenFault.ISSUER)
        if self._policy.audience not in _texts([claims.get("aud")]):
            raise InvalidTokenError(TokenFault.AUDIENCE)
        now, expiry = self._clock(), _numeric_date(claims.get("exp"))
        if now >= expiry:
            raise InvalidTokenError(TokenFault.EXPIRED)
        if now < max(_numeric_date(claims.get(name, 0)) for name in ("nbf", "iat")):
            raise InvalidTokenError(TokenFault.NOT_YET_VALID)
        return _caller(claims, self._policy, int(expiry))

    def _signed_claims(self, token: str) -> dict[str, object]:
        """Return the claims of a token after checking its header and signature (RFC 7515 section 5.2)."""
        if len(token) > self._policy.max_token_bytes:
            raise InvalidTokenError(TokenFault.MALFORMED)
        try:
            header, payload, signature = (base64url_decode(part) for part in token.split("."))
            kid = _key_id(json_object(header))
        except ValueError:
            raise InvalidTokenError(TokenFault.MALFORMED) from None
        try:
            key = self._keys.key(kid)
        except UnknownKeyError:
            raise InvalidTokenError(TokenFault.UNKNOWN_KEY) from None
        if not self._rs256.verify(token.rpartition(".")[0].encode(), key, signature):
            raise InvalidTokenError(TokenFault.SIGNATURE)
        try:
            return json_object(payload)
        except ValueError:
            raise InvalidTokenError(TokenFault.CLAIMS) from None


def _key_id(header: Mapping[str, object]) -> str:
    """Return the ``kid`` of a header after checking its other parameters (RFC 8725 sections 3.1, 3.10)."""
    if header.get("alg") != "RS256":
        raise InvalidTokenError(TokenFault.ALGORITHM)
    kid, kind = header.get("kid"), header.get("typ", "JWT")
    if (
        not (isinstance(kid, str) and kid and _is_name(kid))
        or not (isinstance(kind, str) and kind.lower().removeprefix("application/") in _TYPES)
        or not _REJECTED_PARAMETERS.isdisjoint(header)
    ):
        raise InvalidTokenError(TokenFault.HEADER)
    return kid


def _caller(claims: Mapping[str, object], policy: TokenPolicy, expires_at: int) -> Caller:
    """Read the caller from ``claims``. Scopes in a string are separated by spaces (RFC 6749 section 3.3)."""
    subject = _text(claims.get("sub", ""))
    tenants = _texts(claims.get(name, []) for name in policy.tenant_claims)
    granted = [claims.get(name, []) for name in policy.scope_claims]
    scopes = _texts(value.split(" ") if isinstance(value, str) else value for value in granted)
    names = [subject, *tenants, *scopes]
    if "" in tenants or any(" " in scope for scope in scopes) or not all(map(_is_name, names)):
        raise InvalidTokenError(TokenFault.CLAIMS)
    return Caller(subject, tuple(dict.fromkeys(tenants)), frozenset(scopes) - {""}, expires_at)


def _is_name(text: str) -> bool:
    return len(text) <= _MAX_NAME_LENGTH and is_printable(text)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidTokenError(TokenFault.CLAIMS)
    return value


def _texts(values: Iterable[object]) -> list[str]:
    """Flatten values that are each a string or a list of strings."""
    return [_text(text) for value in values for text in (value if isinstance(value, list) else [value])]


def _numeric_date(value: object) -> float:
    """Read a NumericDate (RFC 7519 section 2) between the years 1970 and 9999."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_NUMERIC_DATE:
        raise InvalidTokenError(TokenFault.CLAIMS)
    return value
