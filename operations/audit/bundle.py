"""Judges one bundle by Python's own `zipfile`, `hashlib` and `json`."""

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
    """What is wrong with the bundle of ``package``, an item of the packages table in plain values."""
    try:
        with zipfile.ZipFile(bundle) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            yield from _manifest_problems(manifest, package)
            yield from _install_order_problems(manifest)
            yield from _entry_problems(archive, manifest)
            yield from _manifest_location_problems(bundle, archive, package)
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError) as error:
        yield f"cannot be read: {error!r}"


def _manifest_problems(manifest: Mapping[str, Any], package: Mapping[str, Any]) -> Iterator[str]:
    for field in ("packageId", "name", "version", "packageType"):
        if manifest[field] != package[field]:
            yield f"the manifest's {field} is {manifest[field]!r}, the record's {package[field]!r}"
    if len(manifest["artifacts"]) != package["artifactCount"]:
        yield f"the manifest lists {len(manifest['artifacts'])} artifacts, the record {package['artifactCount']}"


def _install_order_problems(manifest: Mapping[str, Any]) -> Iterator[str]:
    artifacts = manifest["artifacts"]
    if manifest["installOrder"] != [artifact["id"] for artifact in artifacts]:
        yield "the install order is not that of the artifacts"
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
        yield f"the entries are not those of the manifest: {set(archive.namelist()) ^ set(expected) or 'another order'}"
        return
    for artifact in manifest["artifacts"]:
        digest, size = hashlib.sha256(), 0
        with archive.open(artifact["path"]) as entry:  # checks the CRC at the end
            while chunk := entry.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
        if (digest.hexdigest(), size) != (artifact["sha256"], artifact["size"]):
            yield f"{artifact['path']} is not what the manifest says: {size} bytes of {digest.hexdigest()}"


def _manifest_location_problems(
    bundle: IO[bytes], archive: zipfile.ZipFile, package: Mapping[str, Any]
) -> Iterator[str]:
    """GET reads the manifest alone, from where the record says it is."""
    bundle.seek(package["manifestOffset"])
    packed = bundle.read(package["manifestPackedSize"])
    alone = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed)
    if alone != archive.read(MANIFEST) or len(alone) != package["manifestSize"]:
        yield "the manifest is not where the record says"
