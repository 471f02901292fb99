"""Keys and tokens for the tests of ``installhub.identity``; keys are generated once per session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from installhub.identity.jwks import JwksCache
from installhub.identity.tokens import TokenVerifier
from tests.jws import Members, encode, with_changes
from tests.unit.identity.verifying import NOW, POLICY, Issuer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

NO_CHANGE: Mapping[str, object] = {}


def encoded_number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@pytest.fixture(scope="session")
def now() -> int:
    return NOW


@pytest.fixture(scope="module", autouse=True)
def _stopped_clock() -> Iterator[None]:
    """Stop the clock that PyJWT reads at the time of the fixture ``now``."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(scope="session")
def issuer_key() -> RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def other_key() -> RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def weak_key() -> RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - deliberately too short


@pytest.fixture(scope="session")
def mint(now: int, issuer_key: RSAPrivateKey) -> Callable[..., str]:
    """Return a function that issues tokens: valid except for the given changes, and always correctly signed."""
    valid_header = {"alg": "RS256", "kid": "key-1", "typ": "JWT"}
    valid_claims = {"iss": "https://issuer.example", "aud": "installhub", "exp": now + 300, "sub": "user-1"}

    def mint(
        claims: Members = NO_CHANGE,
        header: Members = NO_CHANGE,
        key: RSAPrivateKey = issuer_key,
    ) -> str:
        signing_input = f"{encode(with_changes(valid_header, header))}.{encode(with_changes(valid_claims, claims))}"
        return f"{signing_input}.{encode(key.sign(signing_input.encode(), padding.PKCS1v15(), SHA256()))}"

    return mint


@pytest.fixture(scope="session")
def jwk() -> Callable[..., dict[str, object]]:
    """Return a function that converts a public key to a JWK with changes; a member changed to ``...`` is omitted."""

    def jwk(key: RSAPrivateKey, kid: str, **changes: object) -> dict[str, object]:
        numbers = key.public_key().public_numbers()
        members = {"kty": "RSA", "kid": kid, "n": encoded_number(numbers.n), "e": encoded_number(numbers.e), **changes}
        return {name: value for name, value in members.items() if value is not ...}

    return jwk


@pytest.fixture
def issuer(issuer_key: RSAPrivateKey, weak_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]]) -> Issuer:
    return Issuer([jwk(issuer_key, "key-1"), jwk(weak_key, "weak")])


@pytest.fixture
def verifier(issuer: Issuer) -> TokenVerifier:
    return TokenVerifier(POLICY, JwksCache(issuer))


@pytest.fixture(scope="session")
def warm_verifier(issuer_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]]) -> TokenVerifier:
    return TokenVerifier(POLICY, JwksCache(Issuer([jwk(issuer_key, "key-1")])))
