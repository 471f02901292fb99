"""Verifies a whole bundle."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import BinaryIO, Final

from installhub.verification.archive import Entry, read_entries
from installhub.verification.consistency import check_consistency
from installhub.verification.content import check_definition, json_value, read_content
from installhub.verification.limits import DEFAULT_LIMITS, Limits
from installhub.verification.manifest import MANIFEST_PATH, Artifact, Manifest, read_manifest
from installhub.verification.reasons import Reason, VerificationError

_HASHED_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class VerifiedBundle:
    """A bundle that is what it says.

    Attributes:
        sha256: Hex digest of the bundle.
        manifest_sha256: Hex digest of the manifest.
        manifest: The manifest.
    """

    sha256: str
    manifest_sha256: str
    manifest: Manifest


def verify_bundle(file: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> VerifiedBundle:
    """Verify a bundle.

    Memory is that of the directory, the manifest and the largest definition, whatever the size of the bundle.

    Args:
        file: The bundle; it has to be seekable and must not change meanwhile.
        limits: What it may take up.

    Raises:
        VerificationError: The bundle is refused, for the first reason that was found.
    """
    entries = read_entries(file, limits)
    if not entries or entries[0].name != MANIFEST_PATH:
        raise VerificationError(Reason.MANIFEST_MISSING, MANIFEST_PATH, "is not the first entry")
    content = read_content(file, entries[0], limits.manifest_bytes)
    manifest = read_manifest(json_value(content, MANIFEST_PATH))
    check_consistency(manifest)
    definitions = _matched(manifest, entries[1:], limits)
    for artifact, entry in definitions:
        check_definition(read_content(file, entry, artifact.size), entry, artifact.sha256)
    return VerifiedBundle(_sha256(file), hashlib.sha256(content).hexdigest(), manifest)


def _matched(manifest: Manifest, entries: list[Entry], limits: Limits) -> list[tuple[Artifact, Entry]]:
    """The artifacts with their entries, after checking that they are the same and no larger than allowed."""
    listed = {artifact.path for artifact in manifest.artifacts}
    present = {entry.name for entry in entries}
    for entry in entries:
        if entry.name not in listed:
            raise VerificationError(Reason.ENTRY_NOT_IN_MANIFEST, entry.name)
    for artifact in manifest.artifacts:
        if artifact.path not in present:
            raise VerificationError(Reason.ENTRY_MISSING, artifact.path)
    matched = list(zip(manifest.artifacts, entries, strict=True))
    for artifact, entry in matched:
        if artifact.path != entry.name:
            raise VerificationError(Reason.ENTRY_OUT_OF_ORDER, entry.name, f"is where {artifact.path} belongs")
        if artifact.size != entry.size:
            detail = f"has {entry.size} bytes instead of the {artifact.size} of the manifest"
            raise VerificationError(Reason.SIZE_WRONG, entry.name, detail)
        if artifact.size > limits.definition_bytes:
            detail = f"{artifact.size} bytes, of at most {limits.definition_bytes}"
            raise VerificationError(Reason.ENTRY_TOO_LARGE, entry.name, detail)
    return matched


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(_HASHED_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
