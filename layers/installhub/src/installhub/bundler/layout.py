"""The layout of a bundle: its size, and the position of its manifest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BundleLayout:
    """The layout of a bundle.

    Attributes:
        size: Size of the bundle in bytes.
        manifest_offset: Offset of the compressed manifest in bytes, for reading it with a ranged request.
        manifest_packed_size: Compressed size of the manifest in bytes.
        manifest_size: Uncompressed size of the manifest in bytes.
    """

    size: int
    manifest_offset: int
    manifest_packed_size: int
    manifest_size: int
