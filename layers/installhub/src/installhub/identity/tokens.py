"""Verification of bearer tokens, and reading the caller from their claims.

Tokens are JWTs (RFC 7519) in compact serialization (RFC 7515), signed with RS256 (RFC 7518 section 3.3); the checks
follow RFC 8725. No message or exception contains any part of a token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from installhub.identity.caller import Caller
from installhub.identity.claims import (
    MalformedClaimError,
    TenantClaim,
    check_numeric_date,
    find_claim,
    rename_scopes,
    scopes,
    text,
    texts,
)
from installhub.identity.jwks import UnknownKeyError, json_object
from installhub.model.base64url import base64url_decode
from installhub.model.text import is_printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_BEARER = re.compile(r"(?i:bearer) +([A-Za-z0-9._~+/-]+=*)", re.ASCII)
_TYPES = frozenset({"jwt", "at+jwt"})
_REJECTED_PARAMETERS = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64"})
_MAX_NAME_LENGTH = 256


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
        audiences: The accepted audiences.
        audience_claims: Where to look for the audience; the first of these claims that is present decides.
        scope_claims: The claims that contain scopes.
        scope_names: The issuer's names of scopes, by InstallHub's own. Scopes that are not listed keep their names.
        tenant_claims: The claims that contain tenants.
        clock_skew_seconds: How far the issuer's clock may differ from this one (RFC 7519 sections 4.1.4, 4.1.5).
        max_token_bytes: The maximum length of a token.
    """

    issuer: str
    audiences: frozenset[str]
    audience_claims: tuple[str, ...] = ("aud",)
    scope_claims: tuple[str, ...] = ("scope", "scp")
    scope_names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tenant_claims: tuple[TenantClaim, ...] = (TenantClaim("tenants"), TenantClaim("tenant_id"))
    clock_skew_seconds: int = 0
    max_token_bytes: int = 8192


class KeySource(Protocol):
    """A source of public keys, such as :class:`~installhub.identity.jwks.JwksCache`."""

    def key(self, kid: str) -> RSAPublicKey:
        """Return the key with the id ``kid``, of at least 2048 bits.

        Raises:
            UnknownKeyError: There is no such key.
            KeysUnavailableError: The keys are unavailable.
        """


class _ParsedToken(NamedTuple):
    """The parts of a token in the order of PyJWT's ``_load``."""

    payload: bytes
    signing_input: bytes
    header: Mapping[str, object]
    signature: bytes


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

    def __init__(self, policy: TokenPolicy, keys: KeySource) -> None:
        self._policy, self._keys = policy, keys
        self._decode = _strict_decoder(policy)

    def verify(self, token: str) -> Caller:
        """Return the caller, after verifying the signature and every claim in use.

        The header is checked before a key is looked up, the signature before the claims are read. A token is valid
        from ``nbf``, if present, until just before ``exp``, both with the leeway of the policy. ``iat`` restricts
        nothing (RFC 7519 section 4.1.6), but must be a date.

        Raises:
            InvalidTokenError: The token is rejected.
            KeysUnavailableError: The issuer's keys are unavailable, so the token cannot be verified.
        """
        parsed = self._parse(token)
        kid = _key_id(parsed.header)
        try:
            key = self._keys.key(kid)
        except UnknownKeyError:
            raise InvalidTokenError(TokenFault.UNKNOWN_KEY) from None
        try:
            claims = self._decode(parsed, key)
            _check_audience(claims, self._policy)
            return _caller(claims, self._policy)
        except MalformedClaimError:
            raise InvalidTokenError(TokenFault.CLAIMS) from None

    def _parse(self, token: str) -> _ParsedToken:
        """The parts of a token in compact serialization (RFC 7515 section 5.2); the payload is not parsed yet."""
        if len(token) > self._policy.max_token_bytes:
            raise InvalidTokenError(TokenFault.MALFORMED)
        try:
            header, payload, signature = token.split(".")
            return _ParsedToken(
                base64url_decode(payload),
                f"{header}.{payload}".encode(),
                _parse_header(header),
                base64url_decode(signature),
            )
        except ValueError:
            raise InvalidTokenError(TokenFault.MALFORMED) from None


@lru_cache(maxsize=64)
def _parse_header(encoded: str) -> Mapping[str, object]:
    """The header, not checked yet. The tokens that an issuer signs with one key have the same.

    Raises:
        ValueError: Not the base64url encoding of a JSON object.
    """
    return json_object(base64url_decode(encoded))


def _strict_decoder(policy: TokenPolicy) -> Callable[[_ParsedToken, RSAPublicKey], dict[str, Any]]:
    """PyJWT's ``decode`` for signature, ``iss``, ``exp`` and ``nbf``, with what it lacks: strict JSON and dates.

    PyJWT would parse the token again, with a loop over its characters that takes longer than the signature.
    """
    import jwt  # noqa: PLC0415 - slow to load, and only a verifier needs it

    faults = {
        jwt.InvalidSignatureError: TokenFault.SIGNATURE,
        jwt.InvalidIssuerError: TokenFault.ISSUER,
        jwt.ExpiredSignatureError: TokenFault.EXPIRED,
        jwt.ImmatureSignatureError: TokenFault.NOT_YET_VALID,
    }

    class ParsedJWS(jwt.PyJWS):
        def _load(self, parsed: Any) -> _ParsedToken:  # type: ignore[override]  # noqa: ANN401  # PyJWT expects a str
            return parsed  # type: ignore[no-any-return]  # what `decode` below passes

    class StrictJWT(jwt.PyJWT):
        def __init__(self) -> None:
            super().__init__(options={"require": ["exp"], "verify_aud": False, "verify_iat": False})
            self._jws = ParsedJWS()

        def _decode_payload(self, decoded: dict[str, Any]) -> dict[str, Any]:
            """Called after the signature was verified and before any claim is read."""
            try:
                claims = json_object(decoded["payload"])
            except ValueError:
                raise MalformedClaimError from None
            for name in ("exp", "nbf", "iat"):
                check_numeric_date(claims.get(name))
            text(claims.get("iss"))
            return {name: value for name, value in claims.items() if value is not None}

    decoder = StrictJWT()

    def decode(token: Any, key: RSAPublicKey) -> dict[str, Any]:  # noqa: ANN401  # see ParsedJWS
        try:
            return decoder.decode(
                token, key, algorithms=["RS256"], issuer=policy.issuer, leeway=policy.clock_skew_seconds
            )
        except jwt.InvalidTokenError as error:
            raise InvalidTokenError(faults.get(type(error), TokenFault.CLAIMS)) from None

    return decode


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


def _check_audience(claims: Mapping[str, object], policy: TokenPolicy) -> None:
    """Check the audience in the first claim that has one."""
    present = (texts(find_claim(claims, name)) for name in policy.audience_claims)
    audiences = next(filter(None, present), None)
    if audiences is None:
        raise MalformedClaimError
    if policy.audiences.isdisjoint(audiences):
        raise InvalidTokenError(TokenFault.AUDIENCE)


def _caller(claims: Mapping[str, Any], policy: TokenPolicy) -> Caller:
    """Read the caller."""
    subject = text(claims.get("sub", ""))
    tenants = [tenant for claim in policy.tenant_claims for tenant in claim.tenants(claims)]
    granted = scopes(claims, policy.scope_claims)
    if not all(map(_is_name, [subject, *tenants, *granted])):
        raise MalformedClaimError
    return Caller(
        subject=subject,
        tenants=tuple(dict.fromkeys(tenants)),
        scopes=rename_scopes(granted, policy.scope_names),
        expires_at=int(claims["exp"]) + policy.clock_skew_seconds,
    )


def _is_name(name: str) -> bool:
    return len(name) <= _MAX_NAME_LENGTH and is_printable(name)
