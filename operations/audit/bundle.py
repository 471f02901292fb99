"""Checks a bundle with Python's own `zipfile`, `hashlib` and `json`."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import IO, Any, Final

MANIFEST: Final = "manifest.json"
_CHUNK: Final = 1024 * 1024


def bundle_problems(bundle: IO[bytes], package: Mapping[str, Any]) -> Iterator[str]:
    """The problems of the bundle of ``package``, a deserialized item of the packages table."""
    try:
        with zipfile.ZipFile(bundle) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            yield from _manifest_problems(manifest, package)
            yield from _install_order_problems(manifest)
            yield from _entry_problems(archive, manifest)
            yield from _manifest_location_problems(bundle, archive, package)
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError) as error:
        yield f"cannot be read: {error!r}"


def read_manifest(bundle: IO[bytes]) -> dict[str, Any] | None:
    """The manifest of a bundle; None if it cannot be read, which is one of the bundle's problems."""
    try:
        with zipfile.ZipFile(bundle) as archive:
            manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
            is_complete = all(artifact.keys() >= {"id", "path", "sha256"} for artifact in manifest["artifacts"])
            return manifest if is_complete else None
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError, AttributeError):
        return None


def manifest_bytes(bundle: IO[bytes]) -> bytes:
    """The manifest as it is in a bundle that can be read."""
    with zipfile.ZipFile(bundle) as archive:
        return archive.read(MANIFEST)


def _manifest_problems(manifest: Mapping[str, Any], package: Mapping[str, Any]) -> Iterator[str]:
    for field in ("packageId", "name", "version", "packageType"):
        if manifest[field] != package[field]:
            yield f"the manifest's {field} is {manifest[field]!r}, the record's is {package[field]!r}"
    if len(manifest["artifacts"]) != package["artifactCount"]:
        yield f"the manifest lists {len(manifest['artifacts'])} artifacts, the record {package['artifactCount']}"


def _install_order_problems(manifest: Mapping[str, Any]) -> Iterator[str]:
    artifacts = manifest["artifacts"]
    if manifest["installOrder"] != [artifact["id"] for artifact in artifacts]:
        yield "the install order differs from the order of the artifacts"
    before: set[str] = set()
    for artifact in artifacts:
        for dependency in artifact["dependencies"]:
            if dependency not in before:
                yield f"{artifact['id']} is not after its dependency {dependency}"
        before.add(artifact["id"])
    for root in manifest["rootArtifacts"]:
        if root not in before:
            yield f"the root {root} is missing"


def _entry_problems(archive: zipfile.ZipFile, manifest: Mapping[str, Any]) -> Iterator[str]:
    expected = [MANIFEST, *(artifact["path"] for artifact in manifest["artifacts"])]
    if archive.namelist() != expected:
        difference = set(archive.namelist()) ^ set(expected) or "different order"
        yield f"the entries are not those of the manifest: {difference}"
        return
    for artifact in manifest["artifacts"]:
        digest, size = hashlib.sha256(), 0
        with archive.open(artifact["path"]) as entry:  # checks the CRC at the end
            while chunk := entry.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
        if (digest.hexdigest(), size) != (artifact["sha256"], artifact["size"]):
            yield f"{artifact['path']} does not match the manifest: {size} bytes with SHA-256 {digest.hexdigest()}"


def _manifest_location_problems(
    bundle: IO[bytes], archive: zipfile.ZipFile, package: Mapping[str, Any]
) -> Iterator[str]:
    """Read the manifest alone, at the location in the record, as GET does."""
    bundle.seek(package["manifestOffset"])
    packed = bundle.read(package["manifestPackedSize"])
    alone = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed)
    if alone != archive.read(MANIFEST) or len(alone) != package["manifestSize"]:
        yield "the manifest is not at the location in the record"
