"""Headers, keys, signatures and malformed tokens that ``TokenVerifier`` refuses."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from installhub.identity.jwks import JwksCache
from installhub.identity.tokens import TokenFault, TokenVerifier
from tests.jws import encode
from tests.unit.identity.verifying import POLICY, Issuer, each, fault_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


# Headers that are refused without a request to the issuer, although the signature is valid


@pytest.mark.parametrize(
    "alg",
    [
        *("none", "None", "NONE", "nOnE", "HS256", "RS384", "RS512", "PS256", "ES256", "EdDSA"),
        *("rs256", "RS256 ", "RS256\0", "", None, ["RS256"], {"RS256": 1}, 256, ...),
    ],
)
def test_other_algorithms_are_refused_before_a_key_is_looked_up(
    verifier: TokenVerifier, issuer: Issuer, mint: Callable[..., str], alg: object
) -> None:
    assert fault_of(verifier, mint(header={"alg": alg})) is TokenFault.ALGORITHM
    assert issuer.fetches == 0


@pytest.mark.parametrize(
    "header",
    [
        *each("kid", ..., "", None, 1, ["key-1"], {"key-1": 1}, "k" * 257, "key-1\0", "\ud800"),
        *each("typ", "", None, 1, ["JWT"], "JWE", "JOSE", "JWT\n", "dpop+jwt", "id/jwt", "xat+jwt"),
        *each("jku", "https://evil.example/keys", None, {}, []),
        *each("x5u", "https://evil.example/keys", None, {}, []),
        *each("jwk", {"kty": "oct", "k": "AA"}, None, {}, []),
        *each("x5c", ["MIIB"], None, {}, []),
        *each("crit", [], ["exp"], ["b64"], ["alg"], "exp", None, {}),
        {"b64": True},
        {"b64": False},
        {"b64": False, "crit": ["b64"]},
    ],
    ids=repr,
)
def test_header_parameters_are_refused_before_a_key_is_looked_up(
    verifier: TokenVerifier, issuer: Issuer, mint: Callable[..., str], header: object
) -> None:
    assert fault_of(verifier, mint(header=header)) is TokenFault.HEADER
    assert issuer.fetches == 0


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{",
        b"[]",
        b'"RS256"',
        b"null",
        b'{"alg":"none","alg":"RS256","kid":"key-1"}',
        b'{"alg":"RS256","kid":"key-2","kid":"key-1"}',
        b'{"alg":"RS256","kid":"key-1","\\u006bid":"key-1"}',
        b'{"alg":"RS256","kid":"key-1","x":{"a":1,"a":1}}',
        b'{"alg":"RS256","kid":"key-1","x":NaN}',
        b'{"alg":"RS256","kid":"key-1","x":-Infinity}',
        b'{"alg":"RS256","kid":"key-1"}{}',
        b'{"alg":"RS256","kid":"key-1","x":' + b"9" * 5000 + b"}",
        b'{"alg":"RS256","kid":"key-\xff"}',
        b'\xef\xbb\xbf{"alg":"RS256","kid":"key-1"}',
        '{"alg":"RS256","kid":"key-1"}'.encode("utf-16"),
        b'{"alg":"RS256","kid":"key-1","x":' + b"[" * 5000,
    ],
    ids=lambda header: repr(header[:50]),
)
def test_headers_that_are_not_a_strict_json_object_are_malformed(
    verifier: TokenVerifier, issuer: Issuer, mint: Callable[..., str], header: bytes
) -> None:
    assert fault_of(verifier, mint(header=header)) is TokenFault.MALFORMED
    assert issuer.fetches == 0


# Keys and signatures


@pytest.mark.parametrize(
    "kid",
    ["key-2", "KEY-1", "key-1 ", "../../dev/null", "file:///dev/null", "k' OR '1'='1", "*", "k" * 256, "weak"],
)
def test_a_kid_only_selects_one_of_the_usable_published_keys(
    verifier: TokenVerifier, issuer: Issuer, mint: Callable[..., str], kid: str
) -> None:
    assert fault_of(verifier, mint(header={"kid": kid})) is TokenFault.UNKNOWN_KEY
    assert issuer.fetches == 1


def test_a_published_key_under_2048_bits_verifies_nothing(
    verifier: TokenVerifier, mint: Callable[..., str], weak_key: RSAPrivateKey
) -> None:
    assert fault_of(verifier, mint(header={"kid": "weak"}, key=weak_key)) is TokenFault.UNKNOWN_KEY


def test_a_signature_by_another_key_is_refused(
    verifier: TokenVerifier, mint: Callable[..., str], other_key: RSAPrivateKey
) -> None:
    assert fault_of(verifier, mint(key=other_key)) is TokenFault.SIGNATURE


def test_a_key_supplied_by_the_token_is_refused(
    verifier: TokenVerifier,
    mint: Callable[..., str],
    jwk: Callable[..., dict[str, object]],
    other_key: RSAPrivateKey,
) -> None:
    token = mint(header={"jwk": jwk(other_key, "key-1")}, key=other_key)

    assert fault_of(verifier, token) is TokenFault.HEADER


@pytest.mark.parametrize("alg", ["HS256", "RS256"])
@pytest.mark.parametrize(
    ("encoding", "form"),
    [
        (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.PEM, PublicFormat.PKCS1),
        (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    ],
)
def test_the_public_key_used_as_a_shared_secret(  # noqa: PLR0917 - fixtures are parameters
    verifier: TokenVerifier,
    mint: Callable[..., str],
    issuer_key: RSAPrivateKey,
    alg: str,
    encoding: Encoding,
    form: PublicFormat,
) -> None:
    signing_input = mint(header={"alg": alg}).rpartition(".")[0]
    secret = issuer_key.public_key().public_bytes(encoding, form)
    signature = hmac.digest(secret, signing_input.encode(), hashlib.sha256)

    fault = fault_of(verifier, f"{signing_input}.{encode(signature)}")

    assert fault is (TokenFault.ALGORITHM if alg == "HS256" else TokenFault.SIGNATURE)


@pytest.mark.parametrize(
    ("scheme", "digest"),
    [
        (padding.PKCS1v15(), SHA384()),
        (padding.PKCS1v15(), SHA512()),
        (padding.PSS(padding.MGF1(SHA256()), 32), SHA256()),
    ],
    ids=["RS384", "RS512", "PS256"],
)
def test_a_signature_by_another_algorithm_under_rs256_is_refused(
    verifier: TokenVerifier,
    mint: Callable[..., str],
    issuer_key: RSAPrivateKey,
    scheme: padding.AsymmetricPadding,
    digest: SHA256 | SHA384 | SHA512,
) -> None:
    signing_input = mint().rpartition(".")[0]
    signature = issuer_key.sign(signing_input.encode(), scheme, digest)

    assert fault_of(verifier, f"{signing_input}.{encode(signature)}") is TokenFault.SIGNATURE


@pytest.mark.parametrize("signature", [b"", b"\0", b"\0" * 256, b"\1" * 255, b"\xff" * 256, b"\1" * 257])
def test_arbitrary_signatures_are_refused(verifier: TokenVerifier, mint: Callable[..., str], signature: bytes) -> None:
    token = mint().rpartition(".")[0] + "." + encode(signature)

    assert fault_of(verifier, token) is TokenFault.SIGNATURE


@pytest.mark.parametrize("part", [0, 1])
def test_a_signature_moved_to_another_header_or_payload_is_refused(
    verifier: TokenVerifier, mint: Callable[..., str], part: int
) -> None:
    parts = mint().split(".")
    parts[part] = mint({"sub": "admin"}, {"typ": "at+jwt"}).split(".")[part]

    assert fault_of(verifier, ".".join(parts)) is TokenFault.SIGNATURE


# Texts that are not a compact JWS


@pytest.mark.parametrize(
    "mangle",
    [
        lambda _: "",
        lambda _: ".",
        lambda _: "..",
        lambda _: "." * 8192,
        lambda token: token.rpartition(".")[0],
        lambda token: f"{token}.",
        lambda token: f"{token}.AAAA",
        lambda token: f".{token}",
        lambda token: token.replace(".", ".."),
        lambda token: token.replace(".", "\uff0e"),
        lambda token: f"{token}=",
        lambda token: f"{token}==",
        lambda token: token.replace(".", "=."),
        lambda token: f" {token}",
        lambda token: f"{token}\n",
        lambda token: f"{token}\0",
        lambda token: token.replace(".", ". "),
        lambda token: f"{token[:9]}\r\n{token[9:]}",
        lambda token: f"{token[:-4]}+/+/",
        lambda token: f"{token}AAA",
        lambda token: token[:-1] + chr(ord(token[-1]) + 1),
        lambda token: f"{token}é",
        lambda token: f"{token}\ud800",
        lambda token: "\u202e" + token,
        lambda token: token.translate({ord("e"): "е"}),  # noqa: RUF001 - a Cyrillic letter
        lambda token: f"Bearer {token}",
        lambda token: json.dumps(dict(zip(("protected", "payload", "signature"), token.split("."), strict=True))),
        lambda token: token + "A" * 8192,
        lambda _: "e" * 10_000_000,
    ],
)
def test_text_that_is_not_a_compact_token_is_malformed(
    verifier: TokenVerifier, issuer: Issuer, mint: Callable[..., str], mangle: Callable[[str], str]
) -> None:
    assert fault_of(verifier, mangle(mint())) is TokenFault.MALFORMED
    assert issuer.fetches == 0


def test_a_token_has_up_to_8_kib() -> None:
    """API Gateway accepts 10,240 bytes of headers altogether."""
    assert POLICY.max_token_bytes == 8192


def test_only_tokens_up_to_the_maximum_length_are_accepted(issuer: Issuer, mint: Callable[..., str]) -> None:
    token = mint()
    keys = JwksCache(issuer)
    sufficient = replace(POLICY, max_token_bytes=len(token))
    too_short = replace(POLICY, max_token_bytes=len(token) - 1)

    assert TokenVerifier(sufficient, keys).verify(token).subject == "user-1"
    assert fault_of(TokenVerifier(too_short, keys), token) is TokenFault.MALFORMED
