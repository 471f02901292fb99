"""The layout of a bundle: where its manifest is, and how large the whole is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BundleLayout:
    """The layout of a bundle.

    Attributes:
        size: Size of the bundle in bytes.
        manifest_offset: Offset of the packed manifest, so that it can be read without the rest.
        manifest_packed_size: Its packed size.
        manifest_size: Its size once inflated.
    """

    size: int
    manifest_offset: int
    manifest_packed_size: int
    manifest_size: int
