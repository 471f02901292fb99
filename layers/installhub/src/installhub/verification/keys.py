"""Public keys as JSON Web Keys (RFC 7517): ECDSA on P-256, named by their thumbprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from installhub.model.base64url import base64url_decode, base64url_encode
from installhub.model.strict_json import InvalidJsonError, parse_json
from installhub.verification.reasons import Reason, VerificationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

_CURVE: Final = "P-256"
_COORDINATE_BYTES: Final = 32
_THUMBPRINT_MEMBERS: Final = ("crv", "kty", "x", "y")
_MAX_KEYS: Final = 1_000


def jwk_of(public_key_der: bytes) -> dict[str, str]:
    """The JWK of a public key, which has its thumbprint as ``kid``.

    Args:
        public_key_der: A SubjectPublicKeyInfo in DER (RFC 5480), as KMS returns it.

    Raises:
        VerificationError: KeyUnusable, if it is not a public key on P-256.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - slow to load, as below
    from cryptography.hazmat.primitives.asymmetric.ec import (  # noqa: PLC0415
        SECP256R1,
        EllipticCurvePublicKey,
    )
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    try:
        key = load_der_public_key(public_key_der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise VerificationError(Reason.KEY_UNUSABLE, "", "is not a public key in DER") from error
    if not (isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)):
        raise VerificationError(Reason.KEY_UNUSABLE, "", f"is not on the curve {_CURVE}")
    numbers = key.public_numbers()
    x, y = (base64url_encode(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
    jwk = {"kty": "EC", "crv": _CURVE, "x": x, "y": y}
    return {**jwk, "kid": thumbprint(jwk), "use": "sig", "alg": "ES256"}


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The thumbprint of an EC key (RFC 7638): SHA-256 of its required members, in base64url."""
    members = {name: jwk[name] for name in _THUMBPRINT_MEMBERS}
    return base64url_encode(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())


def public_key(jwk: Mapping[str, str]) -> EllipticCurvePublicKey:
    """The key to verify signatures with.

    Raises:
        VerificationError: KeyUnusable, if it is no public ECDSA key on P-256, is for another use, or its ``kid`` is
            not its thumbprint.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import (  # noqa: PLC0415
        SECP256R1,
        EllipticCurvePublicNumbers,
    )

    kid = jwk.get("kid", "")
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", _CURVE):
        raise VerificationError(Reason.KEY_UNUSABLE, kid, f"is not on the curve {_CURVE}")
    if "d" in jwk or (jwk.get("use", "sig"), jwk.get("alg", "ES256")) != ("sig", "ES256"):
        raise VerificationError(Reason.KEY_UNUSABLE, kid, "is not a public key for ES256 signatures")
    try:
        coordinates = [base64url_decode(jwk[name]) for name in ("x", "y")]
        if any(len(coordinate) != _COORDINATE_BYTES for coordinate in coordinates):
            raise ValueError("coordinates have 32 bytes")  # noqa: TRY301 - one kind of failure
        x, y = (int.from_bytes(coordinate, "big") for coordinate in coordinates)
        key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    except (KeyError, ValueError) as error:
        raise VerificationError(Reason.KEY_UNUSABLE, kid, "is not a point on the curve") from error
    if kid != thumbprint(jwk):
        raise VerificationError(Reason.KEY_UNUSABLE, kid, "is not the thumbprint of its key")
    return key


def parse_key_set(document: bytes) -> dict[str, dict[str, str]]:
    """The keys of a JWK set by ``kid``.

    Keys of another type, curve or use are left out, since a set may contain keys for other purposes (RFC 7517, 5).

    Raises:
        VerificationError: KeyUnusable, if it is not a JWK set, contains no usable key, or a key whose ``kid`` is not
            its thumbprint.
    """
    try:
        value: Any = parse_json(document)
    except InvalidJsonError as error:
        raise VerificationError(Reason.KEY_UNUSABLE, "", f"the key set {error}") from error
    listed = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(listed, list) or len(listed) > _MAX_KEYS:
        raise VerificationError(Reason.KEY_UNUSABLE, "", "is not a JSON Web Key Set")
    keys = {jwk["kid"]: jwk for jwk in map(_signing_key, listed) if jwk is not None}
    for jwk in keys.values():
        public_key(jwk)
    if not keys:
        raise VerificationError(Reason.KEY_UNUSABLE, "", f"the key set has no signing key on {_CURVE}")
    return keys


def _signing_key(jwk: object) -> dict[str, str] | None:
    if not isinstance(jwk, dict):
        return None
    texts = {name: value for name, value in jwk.items() if isinstance(value, str)}
    if (texts.get("kty"), texts.get("crv"), texts.get("use", "sig")) != ("EC", _CURVE, "sig"):
        return None
    return {"kid": "", **texts}
