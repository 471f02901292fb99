"""The bundle: a manifest and packed definitions become one deterministic ZIP.

Pure: bytes go to a sink the caller chooses. Nothing in a bundle depends on when, where or by whom it was made.
"""

from installhub.bundler.archive import ArchiveWriter, Sink
from installhub.bundler.bundle import BundleLayout, write_bundle
from installhub.bundler.manifest import PackageDescription, build_manifest, encode_manifest
from installhub.bundler.names import MANIFEST_PATH, entry_path

__all__ = [
    "MANIFEST_PATH",
    "ArchiveWriter",
    "BundleLayout",
    "PackageDescription",
    "Sink",
    "build_manifest",
    "encode_manifest",
    "entry_path",
    "write_bundle",
]
