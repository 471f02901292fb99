"""What a bundle may take up, checked before anything is unpacked."""

from __future__ import annotations

from dataclasses import dataclass

from installhub.model.artifact import MAX_DEFINITION_BYTES


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a bundle; the defaults admit everything that a hub exports with its default parameters.

    Attributes:
        entries: Maximum number of entries, the manifest included.
        manifest_bytes: Maximum size of the manifest, uncompressed.
        definition_bytes: Maximum size of one definition, uncompressed.
        total_bytes: Maximum size of all entries together, uncompressed.
        bundle_bytes: Maximum size of the bundle.
    """

    entries: int = 50_001
    manifest_bytes: int = 256 * 1024 * 1024
    definition_bytes: int = MAX_DEFINITION_BYTES
    total_bytes: int = 6 * 1024 * 1024 * 1024
    bundle_bytes: int = 6 * 1024 * 1024 * 1024


DEFAULT_LIMITS = Limits()
