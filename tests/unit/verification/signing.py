"""Makes keys, statements and envelopes as a hub does, for tests of verification."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from installhub.verification.envelope import PAYLOAD_TYPE, pre_authentication_encoding
from installhub.verification.keys import jwk_of
from installhub.verification.statement import PREDICATE_TYPE, STATEMENT_TYPE

if TYPE_CHECKING:
    from installhub.verification.bundle import VerifiedBundle

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


def jwk(key: ec.EllipticCurvePrivateKey = KEY) -> dict[str, str]:
    return jwk_of(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def trusted(*keys: ec.EllipticCurvePrivateKey) -> dict[str, dict[str, str]]:
    return {key["kid"]: key for key in map(jwk, keys or (KEY,))}


def signature(
    payload: bytes, key: ec.EllipticCurvePrivateKey = KEY, payload_type: str = PAYLOAD_TYPE
) -> dict[str, str]:
    der = key.sign(pre_authentication_encoding(payload_type, payload), ec.ECDSA(SHA256()))
    return {"keyid": jwk(key)["kid"], "sig": base64.b64encode(der).decode()}


def envelope(
    payload: bytes, signatures: Sequence[Mapping[str, str]] | None = None, payload_type: str = PAYLOAD_TYPE
) -> bytes:
    fields: dict[str, Any] = {
        "payloadType": payload_type,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [signature(payload, payload_type=payload_type)] if signatures is None else list(signatures),
    }
    return json.dumps(fields).encode()


def statement_of(bundle: VerifiedBundle) -> dict[str, Any]:
    """Return the statement that a hub signs when it exports the bundle."""
    manifest = bundle.manifest
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "suite-2.1.0.zip", "digest": {"sha256": bundle.sha256}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "packageId": manifest.package_id,
            "name": manifest.name,
            "version": manifest.version,
            "tenantDigest": "a" * 64,
            "exportedAt": "2026-11-27T17:00:00Z",
            "exportedByKind": "user",
            "hubVersion": "0.3.0",
            "manifestDigest": {"sha256": bundle.manifest_sha256},
            "materials": [
                {"name": artifact.path, "digest": {"sha256": artifact.sha256}} for artifact in manifest.artifacts
            ],
        },
    }


def attestation_of(bundle: VerifiedBundle) -> bytes:
    return envelope(json.dumps(statement_of(bundle)).encode())
