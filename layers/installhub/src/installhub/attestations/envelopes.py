"""Attestations: the DSSE envelope of a signed package."""

from __future__ import annotations

import base64
from typing import Any

from installhub.attestations.statement import STATEMENT_VERSION, statement_of
from installhub.packages.records import PackageRecord, Signature
from installhub.verification.envelope import PAYLOAD_TYPE


def envelope_of(
    record: PackageRecord, signature: Signature, manifest: dict[str, Any], manifest_bytes: bytes, kid: str
) -> dict[str, Any]:
    """The envelope with the statement about a package and its signature.

    Args:
        record: The package.
        signature: Its signature.
        manifest: Its manifest.
        manifest_bytes: The manifest as it is in the bundle.
        kid: Thumbprint of the key that signed it.

    Raises:
        ValueError: A later version of the hub signed another statement.
    """
    if signature.statement_version != STATEMENT_VERSION:
        raise ValueError(f"a statement of version {signature.statement_version}")
    statement = statement_of(record, manifest, manifest_bytes, signature.hub_version)
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(statement).decode(),
        "signatures": [{"keyid": kid, "sig": signature.value}],
    }
