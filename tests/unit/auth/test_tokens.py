"""What ``TokenVerifier`` believes, and the fault it finds with everything else."""

from __future__ import annotations

import hashlib
import hmac
import json
import pickle
import subprocess
import sys
import traceback
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from installhub.auth import (
    Caller,
    InvalidToken,
    JwksCache,
    KeysUnavailable,
    TokenFault,
    TokenPolicy,
    TokenVerifier,
    bearer_token,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

POLICY = TokenPolicy(issuer="https://issuer.example", audience="installhub")
SECRET = "s3cr3t"


class Issuer:
    """Publishes keys and counts how often it is asked for them."""

    def __init__(self, keys: Sequence[dict[str, object]]) -> None:
        self.keys = keys
        self.asked = 0

    def __call__(self) -> bytes:
        self.asked += 1
        return json.dumps({"keys": self.keys}).encode()


@pytest.fixture
def issuer(issuer_key: RSAPrivateKey, weak_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]]) -> Issuer:
    return Issuer([jwk(issuer_key, "key-1"), jwk(weak_key, "weak")])


@pytest.fixture
def verifier(issuer: Issuer, now: int) -> TokenVerifier:
    return TokenVerifier(POLICY, JwksCache(issuer), clock=lambda: now)


@pytest.fixture(scope="session")
def warm_verifier(issuer_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]], now: int) -> TokenVerifier:
    return TokenVerifier(POLICY, JwksCache(Issuer([jwk(issuer_key, "key-1")])), clock=lambda: now)


def fault_of(verifier: TokenVerifier, token: str) -> TokenFault:
    with pytest.raises(InvalidToken) as caught:
        verifier.verify(token)
    return caught.value.fault


def each(name: str, *values: object) -> list[dict[str, object]]:
    return [{name: value} for value in values]


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


# What is believed


def test_a_good_token_tells_its_caller(
    verifier: TokenVerifier, issuer: Issuer, mint: Callable[..., str], now: int
) -> None:
    token = mint({"tenants": ["t-2", "t-1"], "scope": "openid installhub:export"})

    assert verifier.verify(token) == Caller(
        subject="user-1",
        tenants=("t-2", "t-1"),
        scopes=frozenset({"openid", "installhub:export"}),
        expires_at=now + 300,
    )
    assert issuer.asked == 1


@pytest.mark.parametrize(
    ("claims", "tenants"),
    [
        ({}, ()),
        ({"tenants": []}, ()),
        ({"tenants": "t-1"}, ("t-1",)),
        ({"tenant_id": "t-1"}, ("t-1",)),
        ({"tenant_id": ["t-1", "t-2"]}, ("t-1", "t-2")),
        ({"tenant_id": "t-1", "tenants": ["t-3", "t-2"]}, ("t-3", "t-2", "t-1")),
        ({"tenants": ["b", "a", "b"], "tenant_id": "a"}, ("b", "a")),
        ({"tenants": ["Ünïcode / ../ tenant"]}, ("Ünïcode / ../ tenant",)),
        ({"tenants": ["T-1", "t-1", " t-1"]}, ("T-1", "t-1", " t-1")),
        ({"tenants": ["t" * 256]}, ("t" * 256,)),
    ],
)
def test_tenants_are_the_union_of_the_claims_in_order_each_once(
    verifier: TokenVerifier, mint: Callable[..., str], claims: object, tenants: tuple[str, ...]
) -> None:
    assert verifier.verify(mint(claims)).tenants == tenants


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({}, set()),
        ({"scope": ""}, set()),
        ({"scope": "  a  b "}, {"a", "b"}),
        ({"scp": "a b"}, {"a", "b"}),
        ({"scp": ["a", "b", ""]}, {"a", "b"}),
        ({"scope": ["a", "b"]}, {"a", "b"}),
        ({"scope": "a", "scp": ["b"]}, {"a", "b"}),
    ],
)
def test_scopes_are_the_union_of_the_claims(
    verifier: TokenVerifier, mint: Callable[..., str], claims: object, scopes: set[str]
) -> None:
    assert verifier.verify(mint(claims)).scopes == scopes


def test_claim_names_are_configuration(issuer: Issuer, mint: Callable[..., str], now: int) -> None:
    policy = TokenPolicy(POLICY.issuer, POLICY.audience, scope_claims=("rights",), tenant_claims=("org", "orgs"))
    token = mint({"tenants": ["no"], "scope": "no", "orgs": ["2"], "org": "1", "rights": "yes"})

    caller = TokenVerifier(policy, JwksCache(issuer), clock=lambda: now).verify(token)

    assert (caller.tenants, caller.scopes) == (("1", "2"), frozenset({"yes"}))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["other", "installhub"]},
        {"exp": 1_800_000_001},
        {"exp": 1_800_000_000.75},
        {"exp": 253_402_300_799},
        {"nbf": 1_800_000_000, "iat": 1_800_000_000},
        {"nbf": 0, "iat": 12.5},
        {"extra": {"nested": [None, True, 1.5]}, "": ""},
    ],
)
def test_claims_at_the_edge_of_what_is_good(
    verifier: TokenVerifier, mint: Callable[..., str], claims: dict[str, Any]
) -> None:
    assert verifier.verify(mint(claims)).expires_at == int(claims.get("exp", 1_800_000_300))


@pytest.mark.parametrize("sub", [..., ""])
def test_a_token_need_not_name_its_subject(verifier: TokenVerifier, mint: Callable[..., str], sub: object) -> None:
    assert verifier.verify(mint({"sub": sub})).subject == ""


@pytest.mark.parametrize("typ", [..., "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT"])
def test_types_of_token_that_are_accepted(verifier: TokenVerifier, mint: Callable[..., str], typ: object) -> None:
    assert verifier.verify(mint(header={"typ": typ, "x5t": "thumbprint"})).subject == "user-1"


# Headers that are refused before the issuer is troubled, although the signature over them is right


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
    assert issuer.asked == 0


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
    assert issuer.asked == 0


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
def test_headers_that_are_no_strict_json_object_are_malformed(
    verifier: TokenVerifier, issuer: Issuer, mint: Callable[..., str], header: bytes
) -> None:
    assert fault_of(verifier, mint(header=header)) is TokenFault.MALFORMED
    assert issuer.asked == 0


# Keys and signatures


@pytest.mark.parametrize(
    "kid",
    ["key-2", "KEY-1", "key-1 ", "../../dev/null", "file:///dev/null", "k' OR '1'='1", "*", "k" * 256, "weak"],
)
def test_a_kid_only_selects_one_of_the_usable_published_keys(
    verifier: TokenVerifier, issuer: Issuer, mint: Callable[..., str], kid: str
) -> None:
    assert fault_of(verifier, mint(header={"kid": kid})) is TokenFault.UNKNOWN_KEY
    assert issuer.asked == 1


def test_a_key_under_2048_bits_verifies_nothing_though_it_is_published(
    verifier: TokenVerifier, mint: Callable[..., str], weak_key: RSAPrivateKey
) -> None:
    assert fault_of(verifier, mint(header={"kid": "weak"}, key=weak_key)) is TokenFault.UNKNOWN_KEY


def test_another_key_under_the_published_kid(
    verifier: TokenVerifier, mint: Callable[..., str], other_key: RSAPrivateKey
) -> None:
    assert fault_of(verifier, mint(key=other_key)) is TokenFault.SIGNATURE


def test_a_key_that_the_token_brings_along(
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
def test_another_algorithms_signature_in_a_token_that_says_rs256(
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
def test_made_up_signatures(verifier: TokenVerifier, mint: Callable[..., str], signature: bytes) -> None:
    token = mint().rpartition(".")[0] + "." + encode(signature)

    assert fault_of(verifier, token) is TokenFault.SIGNATURE


@pytest.mark.parametrize("part", [0, 1])
def test_a_signature_moved_to_another_header_or_payload(
    verifier: TokenVerifier, mint: Callable[..., str], part: int
) -> None:
    parts = mint().split(".")
    parts[part] = mint({"sub": "admin"}, {"typ": "at+jwt"}).split(".")[part]

    assert fault_of(verifier, ".".join(parts)) is TokenFault.SIGNATURE


# Texts that are no compact JWS at all


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
def test_texts_that_are_no_compact_token_are_malformed(
    verifier: TokenVerifier, issuer: Issuer, mint: Callable[..., str], mangle: Callable[[str], str]
) -> None:
    assert fault_of(verifier, mangle(mint())) is TokenFault.MALFORMED
    assert issuer.asked == 0


def test_the_longest_token_and_one_byte_more(issuer: Issuer, mint: Callable[..., str], now: int) -> None:
    token = mint()
    keys = JwksCache(issuer)
    enough = TokenPolicy(POLICY.issuer, POLICY.audience, max_token_bytes=len(token))
    short = TokenPolicy(POLICY.issuer, POLICY.audience, max_token_bytes=len(token) - 1)

    assert TokenVerifier(enough, keys, clock=lambda: now).verify(token).subject == "user-1"
    assert fault_of(TokenVerifier(short, keys, clock=lambda: now), token) is TokenFault.MALFORMED


# Claims, under a good signature


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ({"iss": "https://issuer.example/"}, TokenFault.ISSUER),
        ({"iss": "https://ISSUER.example"}, TokenFault.ISSUER),
        ({"iss": "https://evil.example"}, TokenFault.ISSUER),
        ({"iss": ""}, TokenFault.ISSUER),
        ({"aud": "other"}, TokenFault.AUDIENCE),
        ({"aud": "installhub2"}, TokenFault.AUDIENCE),
        ({"aud": "other installhub"}, TokenFault.AUDIENCE),
        ({"aud": []}, TokenFault.AUDIENCE),
        ({"aud": ["other", "INSTALLHUB"]}, TokenFault.AUDIENCE),
        ({"exp": 1_800_000_000}, TokenFault.EXPIRED),
        ({"exp": 1_799_999_999}, TokenFault.EXPIRED),
        ({"exp": 1_799_999_999.9}, TokenFault.EXPIRED),
        ({"exp": 0}, TokenFault.EXPIRED),
        ({"nbf": 1_800_000_001}, TokenFault.NOT_YET_VALID),
        ({"nbf": 1_800_000_000.1}, TokenFault.NOT_YET_VALID),
        ({"iat": 1_800_000_001}, TokenFault.NOT_YET_VALID),
        ({"nbf": 0, "iat": 1_800_000_001}, TokenFault.NOT_YET_VALID),
    ],
    ids=repr,
)
def test_claims_that_say_no(
    verifier: TokenVerifier, mint: Callable[..., str], claims: object, fault: TokenFault
) -> None:
    assert fault_of(verifier, mint(claims)) is fault


NO_TEXTS: tuple[object, ...] = (
    None,
    1,
    True,
    {},
    {"installhub": 1},
    ["installhub", 1],
    ["installhub", None],
    [["installhub"]],
)
NO_DATES: tuple[object, ...] = (None, True, False, "1800000300", "", [], {}, -1, 253_402_300_800, 1e300, 10**400)
NO_TENANTS: tuple[object, ...] = ("", [""], ["t-1", ""], "t" * 257, "t\n1", "t\0", "\x7f", "t\u2028", "\ud800")


@pytest.mark.parametrize(
    "claims",
    [
        *each("iss", ..., ["https://issuer.example"], *NO_TEXTS),
        *each("aud", ..., *NO_TEXTS),
        *each("exp", ..., *NO_DATES),
        *each("nbf", *NO_DATES),
        *each("iat", *NO_DATES),
        *each("sub", ["user-1"], "s" * 257, "s\n", "\x1b[31m", "\udfff", *NO_TEXTS),
        *each("tenants", *NO_TEXTS, *NO_TENANTS),
        *each("tenant_id", *NO_TEXTS, *NO_TENANTS),
        *each("scope", "a\tb", "a\nb", "a" * 257, "\ud800", *NO_TEXTS),
        *each("scp", ["a installhub:export"], ["a\0"], *NO_TEXTS),
    ],
    ids=repr,
)
def test_claims_that_are_missing_or_malformed(
    verifier: TokenVerifier, mint: Callable[..., str], claims: object
) -> None:
    assert fault_of(verifier, mint(claims)) is TokenFault.CLAIMS


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"{'iss': 1}",
        b'{"a":1}{"a":1}',
        b"\xff\xfe",
        b"[" * 3000,
        *(
            b'{"iss":"https://issuer.example","aud":"installhub","exp":1800000300,%s}' % more
            for more in (
                b'"exp":1800000300',
                b'"aud":"installhub"',
                b'"\\u0069ss":"https://issuer.example"',
                b'"x":[{"a":1,"a":2}]',
                b'"nbf":NaN',
                b'"x":Infinity',
                b'"nbf":1e999',
                b'"nbf":-1e999',
                b'"nbf":' + b"1" * 5000,
                b'"x":' + b'{"a":' * 1000,
            )
        ),
    ],
    ids=lambda payload: repr(payload[-40:]),
)
def test_payloads_that_are_no_strict_json_object_of_claims(
    verifier: TokenVerifier, mint: Callable[..., str], payload: bytes
) -> None:
    assert fault_of(verifier, mint(payload)) is TokenFault.CLAIMS


# The fault itself, and the issuer's


def test_faults_are_fit_for_an_error_description() -> None:
    allowed = {chr(code) for code in (*range(0x20, 0x22), *range(0x23, 0x5C), *range(0x5D, 0x7F))}

    assert all(set(fault) <= allowed for fault in TokenFault)


def test_a_fault_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(InvalidToken(TokenFault.EXPIRED))).fault is TokenFault.EXPIRED  # noqa: S301


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"iss": SECRET}, {}),
        ({"tenants": [SECRET + "\n"]}, {}),
        (f'{{"iss": {SECRET}'.encode(), {}),
        ({}, {"kid": SECRET}),
        ({}, {"alg": SECRET}),
        ({}, f'{{"kid": {SECRET}'.encode()),
    ],
)
def test_no_word_of_the_token_is_told(
    verifier: TokenVerifier, mint: Callable[..., str], claims: object, header: object
) -> None:
    token = mint(claims, header)
    with pytest.raises(InvalidToken) as caught:
        verifier.verify(token)

    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert SECRET not in told
    assert not any(part in told for part in token.split("."))


def test_without_the_issuers_keys_a_token_is_not_judged(mint: Callable[..., str], now: int) -> None:
    verifier = TokenVerifier(POLICY, JwksCache(lambda: b""), clock=lambda: now)

    with pytest.raises(KeysUnavailable):
        verifier.verify(mint())


# The Authorization header


@pytest.mark.parametrize("value", [None, "", " ", "\t "])
def test_no_authorization_header_is_no_token(value: str | None) -> None:
    assert bearer_token(value) is None


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("Bearer abc.def-_~+/==", "abc.def-_~+/=="),
        ("bearer abc", "abc"),
        ("BEARER   abc", "abc"),
        (" \tBearer abc \t", "abc"),
        ("Bearer Bearer", "Bearer"),
    ],
)
def test_the_scheme_is_case_insensitive_and_the_token_is_exact(value: str, token: str) -> None:
    assert bearer_token(value) == token


@pytest.mark.parametrize(
    "value",
    [
        *("Bearer", "Bearer ", "Bearerabc", "abc", "Basic dXNlcjpwYXNz", "Bearer abc def", "Bearer abc, Bearer def"),
        *("Bearer\tabc", "Bearer\u00a0abc", "Bearer abc\n", "Bearer a\r\nX: 1", "\nBearer abc", "Bearer a=b"),
        *("Bearer =", 'Bearer "abc"', "Bearer token=abc", "Bearer é", "Bearer ſ", "Bearer \ud800", "Ｂearer abc"),  # noqa: RUF001
    ],
)
def test_any_other_authorization_header_is_malformed(value: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        bearer_token(value)
    assert caught.value.fault is TokenFault.MALFORMED


# Whatever arrives

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
CLAIM_NAMES = ("iss", "aud", "exp", "nbf", "iat", "sub", "tenants", "tenant_id", "scope", "scp")
HEADER_NAMES = ("alg", "kid", "typ", "crit", "jku", "jwk", "x5u", "x5c", "b64", "cty", "zip")


@settings(deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255))
def test_no_changed_character_goes_unnoticed(
    warm_verifier: TokenVerifier, mint: Callable[..., str], place: float, mask: int
) -> None:
    token = mint({"tenants": ["t-1"], "scope": "installhub:export"})
    index = int(place * len(token))

    with pytest.raises(InvalidToken):
        warm_verifier.verify(token[:index] + chr(ord(token[index]) ^ mask) + token[index + 1 :])


@settings(deadline=None)
@given(text=st.text() | st.lists(st.binary().map(encode), min_size=3, max_size=3).map(".".join))
@example(text="e30.e30.")
@example(text="eyJhbGciOiJub25lIn0.e30.")
def test_no_text_verifies_or_breaks_anything(warm_verifier: TokenVerifier, text: str) -> None:
    with pytest.raises(InvalidToken):
        warm_verifier.verify(text)


@settings(deadline=None)
@given(text=st.text() | st.from_regex(r"\A[Bb]earer +.*\Z"))
def test_no_authorization_header_breaks_anything(text: str) -> None:
    try:
        token = bearer_token(text)
    except InvalidToken:
        return
    assert token is None or (token and token in text and token.isascii())


@settings(deadline=None)
@given(
    claims=st.dictionaries(st.sampled_from(CLAIM_NAMES), JSON, max_size=3),
    header=st.dictionaries(st.sampled_from(HEADER_NAMES), JSON, max_size=1),
)
def test_no_signed_content_breaks_anything(
    warm_verifier: TokenVerifier, mint: Callable[..., str], claims: dict[str, Any], header: dict[str, Any]
) -> None:
    try:
        caller = warm_verifier.verify(mint(claims, header))
    except InvalidToken:
        return
    texts = [caller.subject, *caller.tenants, *caller.scopes]
    assert all(len(text) <= 256 and not any(character < " " for character in text) for text in texts)
    "".join(texts).encode()
    assert len(set(caller.tenants)) == len(caller.tenants)


# The cost of importing


def test_importing_the_package_loads_no_cryptography() -> None:
    program = (
        "import sys, installhub.auth\n"
        "sys.exit(' '.join({'jwt', 'cryptography', 'urllib.request', 'http.client'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603

    assert run.stderr.strip() == ""
