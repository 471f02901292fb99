"""The local token issuer: a key pair, a JWKS with the public key, and tokens signed with the private key."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
import uuid
from typing import TYPE_CHECKING

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.settings import LOCAL_BUCKET

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

ALGORITHM = "RS256"
KEY_BITS = 2048
DEFAULT_SCOPE = "installhub:export"
DEFAULT_LIFETIME = 3600
JWKS_KEY = "issuer/jwks.json"


class Issuer:
    """Signs tokens with a key file, which is created if it does not exist."""

    def __init__(self, key_file: Path) -> None:
        if not key_file.exists():
            _make_key(key_file)
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            message = f"{key_file} is not an RSA key"
            raise TypeError(message)
        self._key = key

    @property
    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public key as a JWK set (RFC 7517)."""
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "n": _base64url(numbers.n), "e": _base64url(numbers.e)}
        # RFC 7638: the required members in lexicographic order, without whitespace
        canonical = json.dumps(key, sort_keys=True, separators=(",", ":")).encode()
        thumbprint = base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
        return {"keys": [{**key, "kid": thumbprint, "alg": ALGORITHM, "use": "sig"}]}

    def token(self, issuer: str, audience: str, tenants: Sequence[str], scope: str, lifetime: int) -> str:
        """A signed token for the first of the audiences; with a negative lifetime, one that expired that long ago."""
        now = int(time.time())
        issued = now + min(lifetime, 0) - (DEFAULT_LIFETIME if lifetime < 0 else 0)
        claims = {
            "iss": issuer,
            "aud": audience.split(",", maxsplit=1)[0],
            "sub": "local-developer",
            "jti": str(uuid.uuid4()),
            "iat": issued,
            "nbf": issued,
            "exp": now + lifetime,
            "tenants": list(tenants),
            "scope": scope,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self.jwks["keys"][0]["kid"]})


def publish_jwks(s3: S3Client, issuer: Issuer) -> None:
    """Upload the JWKS to where the authorizer can read it without credentials."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "PublicKeysArePublic",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{LOCAL_BUCKET}/{JWKS_KEY}",
            }
        ],
    }
    s3.create_bucket(Bucket=LOCAL_BUCKET)
    s3.delete_public_access_block(Bucket=LOCAL_BUCKET)
    s3.put_bucket_policy(Bucket=LOCAL_BUCKET, Policy=json.dumps(policy))
    body = json.dumps(issuer.jwks).encode()
    s3.put_object(Bucket=LOCAL_BUCKET, Key=JWKS_KEY, Body=body, ContentType="application/json")


def template_parameters(endpoint: str) -> dict[str, str]:
    """The template's parameters for this issuer."""
    return {
        "TokenIssuer": f"{endpoint}/{LOCAL_BUCKET}/issuer",
        "TokenAudience": "installhub",
        "JwksUri": f"{endpoint}/{LOCAL_BUCKET}/{JWKS_KEY}",
    }


def _make_key(file: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")  # written atomically, and never readable by others
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        output.write(pem)
    new.replace(file)


def _base64url(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
