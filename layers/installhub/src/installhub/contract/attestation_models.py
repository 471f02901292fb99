"""Models of attestations, from which the OpenAPI document is generated. No function imports this module."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from installhub.contract.response_models import ResponseModel


class EnvelopeSignature(ResponseModel):
    """A signature."""

    keyid: str = Field(description="The `kid` of the key that verifies it.")
    sig: str = Field(description="ECDSA on P-256 with SHA-256 over the pre-authentication encoding, DER in base64.")


class Envelope(ResponseModel):
    """Body of the response to GET /{packageId}/attestation: a DSSE envelope (v1)."""

    payload_type: Literal["application/vnd.in-toto+json"]
    payload: str = Field(description="An in-toto statement (v1) as JSON, in base64.")
    signatures: list[EnvelopeSignature]


class SigningKey(ResponseModel):
    """A public key (RFC 7517)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    kid: str = Field(description="The thumbprint of the key (RFC 7638).")
    use: Literal["sig"]
    alg: Literal["ES256"]


class KeySet(ResponseModel):
    """Body of the response to GET /keys: a JWK set."""

    keys: list[SigningKey]
