"""Writes a bundle: the manifest first, then the definitions in install order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from installhub.bundler.archive import ArchiveWriter, Sink
from installhub.bundler.entry_names import MANIFEST_PATH, entry_path
from installhub.bundler.layout import BundleLayout
from installhub.model.artifact import ArtifactNode
from installhub.model.definition import PackedDefinition, pack


def write_bundle(
    sink: Sink,
    manifest: bytes,
    ordered_nodes: Sequence[ArtifactNode],
    definitions: Iterable[PackedDefinition],
) -> BundleLayout:
    """Write a bundle to ``sink`` and return its layout.

    Args:
        sink: Receives the bytes.
        manifest: The encoded manifest.
        ordered_nodes: The closure in install order.
        definitions: The definitions of ``ordered_nodes``, in the same order.

    Raises:
        ArchiveError: The size of a definition differs from the declared size.
        ValueError: The numbers of nodes and definitions differ.
    """
    archive = ArchiveWriter(sink)
    packed_manifest = pack(manifest)
    manifest_offset = _add(archive, MANIFEST_PATH, packed_manifest)
    for node, definition in zip(ordered_nodes, definitions, strict=True):
        _add(archive, entry_path(node.type, node.id), definition)
    return BundleLayout(
        size=archive.close(),
        manifest_offset=manifest_offset,
        manifest_packed_size=packed_manifest.packed_size,
        manifest_size=packed_manifest.size,
    )


def _add(archive: ArchiveWriter, path: str, entry: PackedDefinition) -> int:
    return archive.add(path, entry.chunks, packed_size=entry.packed_size, size=entry.size, crc32=entry.crc32)
