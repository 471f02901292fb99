"""The layout of a bundle: where its manifest is, and how large the whole is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BundleLayout:
    """Where things are in a bundle.

    Attributes:
        size: Bytes of the whole.
        manifest_offset: First byte of the packed manifest, so that it can be read without the rest.
        manifest_packed_size: Its packed bytes.
        manifest_size: Its bytes once inflated.
    """

    size: int
    manifest_offset: int
    manifest_packed_size: int
    manifest_size: int
