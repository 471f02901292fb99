"""DSSE envelopes and their keys: what is signed is checked as others sign it, and everything else is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt import PyJWK
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError as OtherVerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]  # re-exported

from installhub.model.base64url import base64url_decode, base64url_encode
from installhub.verification.envelope import PAYLOAD_TYPE, pre_authentication_encoding, verify_envelope
from installhub.verification.keys import jwk_of, parse_key_set, public_key, thumbprint
from installhub.verification.reasons import Reason, VerificationError
from tests.unit.verification.signing import KEY, OTHER_KEY, envelope, jwk, signature, trusted

PAYLOAD = b'{"_type": "https://in-toto.io/Statement/v1"}'


def refusal(document: bytes, keys: Mapping[str, dict[str, str]]) -> tuple[Reason, str]:
    with pytest.raises(VerificationError) as raised:
        verify_envelope(document, keys)
    return raised.value.reason, raised.value.place


def changed(**fields: object) -> bytes:
    return json.dumps({**json.loads(envelope(PAYLOAD)), **fields}).encode()


def test_the_encoding_is_that_of_the_specification() -> None:
    assert pre_authentication_encoding("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pre_authentication_encoding("größe", b"") == "DSSEv1 7 größe 0 ".encode()


@given(kind=st.text(max_size=20).filter(lambda text: "\x00" not in text), payload=st.binary(max_size=50))
def test_the_encoding_is_that_of_another_implementation(kind: str, payload: bytes) -> None:
    assert pre_authentication_encoding(kind, payload) == Envelope(payload, kind, {}).pae()


@given(payload=st.binary(max_size=200))
def test_an_envelope_has_its_payload(payload: bytes) -> None:
    assert verify_envelope(envelope(payload), trusted()) == payload


def test_other_implementations_accept_the_same_signatures() -> None:
    signed = Envelope.from_dict(json.loads(envelope(PAYLOAD)))
    key = other_key(KEY)

    assert list(signed.verify([key], 1)) == [key.keyid]
    with pytest.raises(OtherVerificationError):
        Envelope.from_dict(json.loads(changed(payload=base64.b64encode(b"{}").decode()))).verify([key], 1)


def test_the_signatures_of_other_implementations_are_accepted() -> None:
    signed = Envelope(PAYLOAD, PAYLOAD_TYPE, {})
    signed.sign(CryptoSigner(KEY, other_key(KEY)))
    document = signed.to_dict()
    for listed in document["signatures"]:
        listed["sig"] = base64.b64encode(base64.b64decode(listed["sig"])).decode()

    assert verify_envelope(json.dumps(document).encode(), trusted()) == PAYLOAD


def other_key(key: ec.EllipticCurvePrivateKey) -> SSlibKey:
    return SSlibKey.from_crypto(key.public_key(), keyid=jwk(key)["kid"])


def test_several_signatures_are_accepted_if_all_are_right() -> None:
    signatures = [signature(PAYLOAD), signature(PAYLOAD, OTHER_KEY)]

    assert verify_envelope(envelope(PAYLOAD, signatures), trusted(KEY, OTHER_KEY)) == PAYLOAD


def test_the_url_safe_alphabet_is_accepted() -> None:
    payload = b"\xff\xfb\xfe"
    document = json.loads(envelope(payload))
    document["payload"] = base64.urlsafe_b64encode(payload).decode()

    assert verify_envelope(json.dumps(document).encode(), trusted()) == payload


WRONG = signature(b"something else")
STRANGER = signature(PAYLOAD, OTHER_KEY)
CUT = {**signature(PAYLOAD), "sig": signature(PAYLOAD)["sig"][:8]}
RIGHT = signature(PAYLOAD)


@pytest.mark.parametrize(
    ("document", "reason", "place"),
    [
        (b"", Reason.ENVELOPE_MALFORMED, ""),
        (b"[]", Reason.ENVELOPE_MALFORMED, ""),
        (b'{"payload":"","payload":""}', Reason.ENVELOPE_MALFORMED, ""),
        (b"[" * 100_000, Reason.ENVELOPE_MALFORMED, ""),
        (b'{"payload":"","signatures":[]}', Reason.ENVELOPE_MALFORMED, ""),
        (b" " * (1024 * 1024 + 1), Reason.ENVELOPE_TOO_LARGE, ""),
        (envelope(b"x" * 1024 * 1024), Reason.ENVELOPE_TOO_LARGE, ""),
        (envelope(PAYLOAD, payload_type="text/plain"), Reason.PAYLOAD_TYPE_UNKNOWN, "payloadType"),
        (changed(payloadType=None), Reason.PAYLOAD_TYPE_UNKNOWN, "payloadType"),
        (changed(payload="???"), Reason.ENVELOPE_MALFORMED, "payload"),
        (changed(payload=7), Reason.ENVELOPE_MALFORMED, "payload"),
        (changed(payload="QQ"), Reason.ENVELOPE_MALFORMED, "payload"),
        (changed(payload="QR=="), Reason.ENVELOPE_MALFORMED, "payload"),
        (changed(payload="QQ==\n"), Reason.ENVELOPE_MALFORMED, "payload"),
        (changed(payload="e30="), Reason.SIGNATURE_WRONG, "signatures/0"),
        (changed(signatures={}), Reason.ENVELOPE_MALFORMED, "signatures"),
        (changed(signatures=[]), Reason.SIGNATURE_MISSING, "signatures"),
        (changed(signatures=[RIGHT] * 17), Reason.ENVELOPE_MALFORMED, "signatures"),
        (changed(signatures=["x"]), Reason.ENVELOPE_MALFORMED, "signatures/0"),
        (changed(signatures=[{"keyid": jwk()["kid"]}]), Reason.ENVELOPE_MALFORMED, "signatures/0/sig"),
        (changed(signatures=[{**RIGHT, "keyid": None}]), Reason.KEY_UNKNOWN, "signatures/0/keyid"),
        (changed(signatures=[{**RIGHT, "keyid": ""}]), Reason.KEY_UNKNOWN, "signatures/0/keyid"),
        (changed(signatures=[STRANGER]), Reason.KEY_UNKNOWN, "signatures/0/keyid"),
        (changed(signatures=[{**STRANGER, "keyid": jwk()["kid"]}]), Reason.SIGNATURE_WRONG, "signatures/0"),
        (changed(signatures=[{**RIGHT, "sig": ""}]), Reason.SIGNATURE_WRONG, "signatures/0"),
        (changed(signatures=[CUT]), Reason.SIGNATURE_WRONG, "signatures/0"),
        (changed(signatures=[RIGHT, WRONG]), Reason.SIGNATURE_WRONG, "signatures/1"),
        (changed(signatures=[RIGHT, STRANGER]), Reason.KEY_UNKNOWN, "signatures/1/keyid"),
        (envelope(PAYLOAD, [signature(PAYLOAD, payload_type="text/plain")]), Reason.SIGNATURE_WRONG, "signatures/0"),
    ],
    ids=range(29),
)
def test_a_bad_envelope_is_refused(document: bytes, reason: Reason, place: str) -> None:
    assert refusal(document, trusted()) == (reason, place)


def test_an_envelope_may_have_exactly_a_megabyte() -> None:
    assert verify_envelope(envelope(PAYLOAD).ljust(1024 * 1024), trusted()) == PAYLOAD


@pytest.mark.parametrize("changes", [{"crv": "P-384"}, {"kty": "RSA"}])
def test_a_key_of_another_curve_or_type_is_refused_although_its_id_is_right(changes: dict[str, str]) -> None:
    key = {**jwk(), **changes}

    with pytest.raises(VerificationError, match="KeyUnusable"):
        public_key({**key, "kid": thumbprint(key)})


def test_a_coordinate_has_exactly_32_bytes() -> None:
    key = {**jwk(), "x": base64url_encode(b"\0" + base64url_decode(jwk()["x"]))}

    with pytest.raises(VerificationError, match="KeyUnusable"):
        public_key({**key, "kid": thumbprint(key)})


def test_a_key_set_may_have_a_thousand_keys() -> None:
    assert parse_key_set(key_set([jwk()] * 1_000)) == trusted()


@given(position=st.integers(0, len(envelope(PAYLOAD)) - 1), flipped=st.integers(1, 255))
def test_no_envelope_with_a_flipped_byte_has_another_payload(position: int, flipped: int) -> None:
    document = bytearray(envelope(PAYLOAD))
    document[position % len(document)] ^= flipped

    try:
        payload = verify_envelope(bytes(document), trusted())
    except VerificationError:
        return
    assert payload == PAYLOAD


def der(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_a_jwk_is_read_by_other_implementations() -> None:
    other = PyJWK.from_dict(jwk())

    assert other.key.public_numbers() == KEY.public_key().public_numbers()
    assert public_key(jwk()).public_numbers() == KEY.public_key().public_numbers()


def test_coordinates_with_leading_zeros_have_their_full_length() -> None:
    small = next(
        key
        for key in (ec.derive_private_key(secret, ec.SECP256R1()) for secret in range(1, 5_000))
        if key.public_key().public_numbers().x >> 248 == 0
    )

    assert len(jwk_of(der(small))["x"]) == 43
    assert public_key(jwk_of(der(small))).public_numbers() == small.public_key().public_numbers()


def test_the_thumbprint_is_that_of_the_standard() -> None:
    """The key of RFC 7517, A.1, whose thumbprint a program of its own computed."""
    key = {
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "use": "enc",
        "kid": "1",
    }

    assert thumbprint(key) == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"


@pytest.mark.parametrize(
    "document",
    [b"", b"no key", der(ec.generate_private_key(ec.SECP384R1())), der(rsa.generate_private_key(65537, 2048))],
)
def test_no_jwk_is_made_of_another_key(document: bytes) -> None:
    with pytest.raises(VerificationError) as raised:
        jwk_of(document)

    assert raised.value.reason is Reason.KEY_UNUSABLE


OTHER_CURVE = {"kty": "EC", "crv": "P-384", "x": "A" * 64, "y": "A" * 64, "kid": jwk()["kid"]}


@pytest.mark.parametrize(
    "key",
    [
        OTHER_CURVE,
        {**jwk(), "crv": "P-384"},
        {**jwk(), "kty": "RSA"},
        {**jwk(), "use": "enc"},
        {**jwk(), "alg": "ES384"},
        {**jwk(), "d": "AAAA"},
        {**jwk(), "x": jwk()["y"]},
        {**jwk(), "x": jwk()["x"] + "="},
        {**jwk(), "x": base64url_encode(b"\0" * 33)},
        {**jwk(), "x": base64url_encode(b"\0" * 32), "y": base64url_encode(b"\0" * 32)},
        {name: value for name, value in jwk().items() if name != "y"},
        {**jwk(OTHER_KEY), "kid": jwk()["kid"]},
        {**jwk(), "kid": "mine"},
    ],
    ids=range(13),
)
def test_an_unusable_key_verifies_nothing(key: dict[str, str]) -> None:
    assert refusal(envelope(PAYLOAD), {jwk()["kid"]: key})[0] is Reason.KEY_UNUSABLE


def key_set(keys: Sequence[object]) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def test_a_key_set_has_its_signing_keys() -> None:
    others: list[Any] = [
        {"kty": "RSA", "kid": "1", "n": "AQAB", "e": "AQAB"},
        {**jwk(), "use": "enc"},
        OTHER_CURVE,
        7,
        [],
    ]

    assert parse_key_set(key_set([*others, jwk(OTHER_KEY)])) == trusted(OTHER_KEY)
    assert parse_key_set(key_set([jwk(), jwk(OTHER_KEY)])) == trusted(KEY, OTHER_KEY)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys":{}}',
        key_set([]),
        key_set([OTHER_CURVE]),
        key_set([{**jwk(), "kid": "mine"}]),
        key_set([{name: value for name, value in jwk().items() if name != "kid"}]),
        key_set([jwk()] * 1_001),
    ],
    ids=range(9),
)
def test_a_bad_key_set_is_refused(document: bytes) -> None:
    with pytest.raises(VerificationError) as raised:
        parse_key_set(document)

    assert raised.value.reason is Reason.KEY_UNUSABLE
