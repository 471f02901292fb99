"""Verifies an attestation: its signatures, and that its statement is about a given bundle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from installhub.model.strict_json import InvalidJsonError, parse_json
from installhub.verification.bundle import VerifiedBundle
from installhub.verification.envelope import MAX_ENVELOPE_BYTES, verify_envelope
from installhub.verification.reasons import Reason, VerificationError

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "urn:installhub:predicate:export:1"

_MATERIAL_BYTES: Final = 512
"""What an artifact adds to an envelope, at most: its longest path and its digest, in base64."""

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@dataclass(frozen=True, slots=True)
class Attestation:
    """What the hub that signed a bundle says about its export.

    Attributes:
        tenant_digest: SHA-256 of the tenant's id, hex.
        exported_at: When it was exported, RFC 3339 in UTC.
        exported_by_kind: Who requested it: a kind, not a name.
        hub_version: Version of the hub.
    """

    tenant_digest: str
    exported_at: str
    exported_by_kind: str
    hub_version: str


def verify_attestation(envelope: bytes, keys: Mapping[str, dict[str, str]], bundle: VerifiedBundle) -> Attestation:
    """Verify that trusted keys signed a statement about exactly this bundle.

    The list of materials is checked if there is one; the digest of the manifest covers the same digests.

    Args:
        envelope: The DSSE envelope as JSON.
        keys: The trusted public keys as JWKs, by their ``kid``.
        bundle: The verified bundle.

    Raises:
        VerificationError: For one of the reasons about attestations.
    """
    needed = len(bundle.manifest.artifacts) * _MATERIAL_BYTES
    payload = verify_envelope(envelope, keys, max(MAX_ENVELOPE_BYTES, needed))
    try:
        statement = _object(parse_json(payload), "")
    except InvalidJsonError as error:
        raise VerificationError(Reason.STATEMENT_MALFORMED, "", str(error)) from error
    for name, expected in (("_type", STATEMENT_TYPE), ("predicateType", PREDICATE_TYPE)):
        if statement.get(name) != expected:
            raise VerificationError(Reason.STATEMENT_MALFORMED, f"/{name}", f"is not {expected}")
    predicate = _object(statement.get("predicate"), "/predicate")
    _check_subject(statement.get("subject"), bundle)
    _check_package(predicate, bundle)
    return Attestation(
        tenant_digest=_matching(_SHA256, predicate, "tenantDigest"),
        exported_at=_matching(_TIMESTAMP, predicate, "exportedAt"),
        exported_by_kind=_matching(_ANY_TEXT, predicate, "exportedByKind"),
        hub_version=_matching(_ANY_TEXT, predicate, "hubVersion"),
    )


_ANY_TEXT: Final = re.compile(r".+")


def _check_subject(subject: object, bundle: VerifiedBundle) -> None:
    match subject:
        case [file]:
            digest = _digest(_object(file, "/subject/0"), "/subject/0")
        case _:
            raise VerificationError(Reason.SUBJECT_DIFFERS, "/subject", "is not one file")
    if digest != bundle.sha256:
        raise VerificationError(Reason.SUBJECT_DIFFERS, "/subject/0/digest", "is the digest of another file")


def _check_package(predicate: Mapping[str, Any], bundle: VerifiedBundle) -> None:
    manifest = bundle.manifest
    expected = {"packageId": manifest.package_id, "name": manifest.name, "version": manifest.version}
    for name, value in expected.items():
        if predicate.get(name) != value:
            raise VerificationError(Reason.PACKAGE_DIFFERS, f"/predicate/{name}", "is that of another package")
    digest = predicate.get("manifestDigest")
    if not isinstance(digest, dict) or digest.get("sha256") != bundle.manifest_sha256:
        raise VerificationError(Reason.MANIFEST_DIFFERS, "/predicate/manifestDigest", "is that of another manifest")
    if "materials" not in predicate:
        return
    materials = predicate["materials"]
    place = "/predicate/materials"
    if not isinstance(materials, list):
        raise VerificationError(Reason.MATERIALS_DIFFER, place, "is not a list")
    listed = [(_object(material, place).get("name"), _digest(material, place)) for material in materials]
    if listed != [(artifact.path, artifact.sha256) for artifact in manifest.artifacts]:
        raise VerificationError(Reason.MATERIALS_DIFFER, place, "are not the definitions of the bundle")


def _object(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise VerificationError(Reason.STATEMENT_MALFORMED, place, "is not an object")
    return value


def _digest(fields: Mapping[str, Any], place: str) -> object:
    return _object(fields.get("digest"), f"{place}/digest").get("sha256")


def _matching(pattern: re.Pattern[str], predicate: Mapping[str, Any], name: str) -> str:
    value = predicate.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise VerificationError(Reason.STATEMENT_MALFORMED, f"/predicate/{name}", "is missing or has a wrong value")
    return value
