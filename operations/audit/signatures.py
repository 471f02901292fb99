"""Checks the signatures of packages with `cryptography`: builds what was signed from the package and its manifest."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from operations.audit.findings import FindingKind, Report

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient

_PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
_MAX_SLUG_LENGTH: Final = 100


@dataclass(frozen=True)
class SignatureAudit:
    """Checks the signature of each package.

    Attributes:
        dynamodb: The DynamoDB client.
        kms: The KMS client, for the key of new packages, which may not be listed yet.
        table: The signing-keys table.
        current: ARN of the key of new packages.
        report: Receives the findings.
    """

    dynamodb: DynamoDBClient
    kms: KMSClient
    table: str
    current: str
    report: Report

    def check_package(self, item: Mapping[str, Any], manifest: Mapping[str, Any], manifest_bytes: bytes) -> None:
        """Check the signature of a package, a deserialized item of the packages table."""
        location = f"{item['packageId']} ({item['name']} {item['version']})"
        signature = item.get("signature")
        if signature is None:
            self.report.add(FindingKind.UNSIGNED_PACKAGE, location, "has no signature: run make sign-packages")
            return
        self.report.checked["signatures"] += 1
        key = self._keys.get(signature["key"])
        if key is None:
            self.report.add(FindingKind.WRONG_SIGNATURE, location, f"the key {signature['key']} is not listed")
            return
        payload = _statement(item, manifest, manifest_bytes)
        signed = f"DSSEv1 {len(_PAYLOAD_TYPE)} {_PAYLOAD_TYPE} {len(payload)} ".encode() + payload
        try:
            key.verify(base64.b64decode(signature["value"]), signed, ECDSA(SHA256()))
        except (InvalidSignature, ValueError):
            detail = f"does not match the package under the key {signature['key']}"
            self.report.add(FindingKind.WRONG_SIGNATURE, location, detail)

    @cached_property
    def _keys(self) -> dict[str, EllipticCurvePublicKey]:
        """The public keys by ARN."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        keys = {item["keyArn"]["S"]: _public_key(item["jwk"]["S"]) for page in pages for item in page["Items"]}
        if self.current not in keys:
            key = load_der_public_key(self.kms.get_public_key(KeyId=self.current)["PublicKey"])
            if isinstance(key, EllipticCurvePublicKey):
                keys[self.current] = key
        return keys


def _public_key(jwk: str) -> EllipticCurvePublicKey:
    fields = json.loads(jwk)
    x, y = (int.from_bytes(base64.urlsafe_b64decode(f"{fields[name]}=")) for name in ("x", "y"))
    return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()


def _statement(item: Mapping[str, Any], manifest: Mapping[str, Any], manifest_bytes: bytes) -> bytes:
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": _file_name(item), "digest": {"sha256": item["checksum"].removeprefix("sha256:")}}],
        "predicateType": "urn:installhub:predicate:export:1",
        "predicate": {
            **{name: item[name] for name in ("packageId", "name", "version", "exportedAt")},
            "tenantDigest": hashlib.sha256(item["tenantId"].encode()).hexdigest(),
            "exportedByKind": _kind(item),
            "hubVersion": item["signature"]["hubVersion"],
            "manifestDigest": {"sha256": hashlib.sha256(manifest_bytes).hexdigest()},
            "materials": [
                {"name": artifact["path"], "digest": {"sha256": artifact["sha256"]}}
                for artifact in manifest["artifacts"]
            ],
        },
    }
    return json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _file_name(item: Mapping[str, Any]) -> str:
    letters = unicodedata.normalize("NFKD", item["name"]).encode("ascii", "ignore").decode().lower()
    slug = re.sub("[^a-z0-9]+", "-", letters).strip("-")[:_MAX_SLUG_LENGTH].rstrip("-")
    return f"{slug or 'package'}-{item['version']}.zip"


def _kind(item: Mapping[str, Any]) -> str:
    if "requestId" not in item:
        return "invoke" if item["exportedBy"] == "invoke" else "http"
    kind = str(item["requestId"]).partition(":")[0]
    return kind if kind in {"event", "s3", "invoke"} and "requestedAt" not in item else "http"
