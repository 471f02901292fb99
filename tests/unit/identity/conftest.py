"""Keys and tokens for the tests of ``installhub.auth``; the keys are made once a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from installhub.identity.jwks import JwksCache
from installhub.identity.tokens import TokenVerifier
from tests.jws import Members, changed, encode
from tests.unit.identity.verifying import POLICY, Issuer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

NO_CHANGE: Mapping[str, object] = {}


def number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@pytest.fixture(scope="session")
def now() -> int:
    return 1_800_000_000


@pytest.fixture(scope="session")
def issuer_key() -> RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def other_key() -> RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def weak_key() -> RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - too short, on purpose


@pytest.fixture(scope="session")
def mint(now: int, issuer_key: RSAPrivateKey) -> Callable[..., str]:
    """Make a token that is good except for the changes: the signature is always the right one for its content."""
    good_header = {"alg": "RS256", "kid": "key-1", "typ": "JWT"}
    good_claims = {"iss": "https://issuer.example", "aud": "installhub", "exp": now + 300, "sub": "user-1"}

    def mint(
        claims: Members = NO_CHANGE,
        header: Members = NO_CHANGE,
        key: RSAPrivateKey = issuer_key,
    ) -> str:
        signing_input = f"{encode(changed(good_header, header))}.{encode(changed(good_claims, claims))}"
        return f"{signing_input}.{encode(key.sign(signing_input.encode(), padding.PKCS1v15(), SHA256()))}"

    return mint


@pytest.fixture(scope="session")
def jwk() -> Callable[..., dict[str, object]]:
    """Describe a key's public half as a JWK, with the changes made; a member changed to ``...`` is left out."""

    def jwk(key: RSAPrivateKey, kid: str, **changes: object) -> dict[str, object]:
        numbers = key.public_key().public_numbers()
        members = {"kty": "RSA", "kid": kid, "n": number(numbers.n), "e": number(numbers.e), **changes}
        return {name: value for name, value in members.items() if value is not ...}

    return jwk


@pytest.fixture
def issuer(issuer_key: RSAPrivateKey, weak_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]]) -> Issuer:
    return Issuer([jwk(issuer_key, "key-1"), jwk(weak_key, "weak")])


@pytest.fixture
def verifier(issuer: Issuer, now: int) -> TokenVerifier:
    return TokenVerifier(POLICY, JwksCache(issuer), clock=lambda: now)


@pytest.fixture(scope="session")
def warm_verifier(issuer_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]], now: int) -> TokenVerifier:
    return TokenVerifier(POLICY, JwksCache(Issuer([jwk(issuer_key, "key-1")])), clock=lambda: now)
