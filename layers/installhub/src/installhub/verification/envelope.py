"""DSSE envelopes: what is signed, and whether the signatures are right (Dead Simple Signing Envelope v1)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from installhub.model.strict_json import InvalidJsonError, parse_json
from installhub.verification.keys import public_key
from installhub.verification.reasons import Reason, VerificationError

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
"""The type of the payload: an in-toto statement."""

MAX_ENVELOPE_BYTES: Final = 1024 * 1024
"""Larger envelopes are refused before they are parsed, unless the bundle has so many artifacts that it needs more."""

_MAX_SIGNATURES: Final = 16


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """The bytes that a signature covers: PAE of DSSE v1, which binds the type of the payload as well."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def verify_envelope(envelope: bytes, keys: Mapping[str, dict[str, str]], max_bytes: int = MAX_ENVELOPE_BYTES) -> bytes:
    """The payload of an envelope whose signatures are all right.

    Args:
        envelope: The envelope as JSON.
        keys: The trusted public keys as JWKs, by their ``kid``.
        max_bytes: Maximum size of the envelope.

    Raises:
        VerificationError: The envelope is too large or malformed, its payload is of another type, it has no signature,
            or any of its signatures is wrong or of an unknown or unusable key.
    """
    if len(envelope) > max_bytes:
        raise VerificationError(Reason.ENVELOPE_TOO_LARGE, "", f"{len(envelope)} bytes, of at most {max_bytes}")
    fields = _fields(envelope)
    if fields["payloadType"] != PAYLOAD_TYPE:
        raise VerificationError(Reason.PAYLOAD_TYPE_UNKNOWN, "payloadType", "is not that of an in-toto statement")
    payload = _decode(fields["payload"], "payload")
    signed = pre_authentication_encoding(PAYLOAD_TYPE, payload)
    signatures = fields["signatures"]
    if not isinstance(signatures, list) or len(signatures) > _MAX_SIGNATURES:
        raise VerificationError(Reason.ENVELOPE_MALFORMED, "signatures", f"is not a list of up to {_MAX_SIGNATURES}")
    if not signatures:
        raise VerificationError(Reason.SIGNATURE_MISSING, "signatures")
    for index, signature in enumerate(signatures):
        _verify_signature(signed, signature, keys, f"signatures/{index}")
    return payload


def _fields(envelope: bytes) -> dict[str, Any]:
    try:
        fields = parse_json(envelope)
    except InvalidJsonError as error:
        raise VerificationError(Reason.ENVELOPE_MALFORMED, "", str(error)) from error
    if not isinstance(fields, dict) or not fields.keys() >= {"payloadType", "payload", "signatures"}:
        raise VerificationError(Reason.ENVELOPE_MALFORMED, "", "has no payloadType, payload or signatures")
    return fields


def _verify_signature(signed: bytes, signature: object, keys: Mapping[str, dict[str, str]], place: str) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - slow to load
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    if not isinstance(signature, dict):
        raise VerificationError(Reason.ENVELOPE_MALFORMED, place, "is not an object")
    der = _decode(signature.get("sig"), f"{place}/sig")
    kid = signature.get("keyid")
    jwk = keys.get(kid) if isinstance(kid, str) else None
    if jwk is None:
        raise VerificationError(Reason.KEY_UNKNOWN, f"{place}/keyid", "is not the id of a trusted key")
    key = public_key(jwk)
    try:
        key.verify(der, signed, ECDSA(SHA256()))
    except InvalidSignature as error:
        raise VerificationError(Reason.SIGNATURE_WRONG, place) from error


def _decode(text: object, place: str) -> bytes:
    """Decode base64 as DSSE allows it: with the standard or the URL-safe alphabet, and canonical."""
    if isinstance(text, str) and text.isascii():
        for altchars in (b"+/", b"-_"):
            try:
                data = base64.b64decode(text, altchars, validate=True)
            except ValueError:
                continue
            if base64.b64encode(data, altchars).decode() == text:
                return data
    raise VerificationError(Reason.ENVELOPE_MALFORMED, place, "is not base64")
