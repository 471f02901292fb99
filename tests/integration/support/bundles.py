"""Reads and verifies bundles."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

from installhub.bundler.bundle import write_bundle
from installhub.bundler.manifest import build_manifest, encode_manifest
from installhub.exports.preview import plan_export
from installhub.model.package import PackageDescription, package_id
from installhub.resolver.plan import Limits

if TYPE_CHECKING:
    from installhub.exports.commands import ExportCommand, ExportedPackage
    from tests.integration.support.world import World


def bundle_in_memory(world: World, command: ExportCommand) -> bytes:
    """Return the bundle that an export should write, built in memory."""
    plan = plan_export(world.artifacts(), command.tenant, command.roots, Limits(), command.conditions)
    nodes = [plan.closure.nodes[artifact_id] for artifact_id in plan.install_order]
    description = PackageDescription(
        package_id=package_id(command.tenant, command.name, command.version),
        name=command.name,
        version=command.version,
        package_type=command.package_type,
        description=command.description,
        author=command.author,
        tags=command.tags,
    )
    manifest = encode_manifest(build_manifest(description, plan.closure.roots, nodes))
    content = io.BytesIO()
    write_bundle(content.write, manifest, nodes, world.definitions().read(command.tenant, nodes))
    return content.getvalue()


def checksum_of(content: bytes) -> str:
    """Return the checksum of a bundle."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def bundle_of(world: World, exported: ExportedPackage) -> bytes:
    """Return a package's bundle after verifying its checksum and size."""
    content = world.bundles().read(exported.record.bundle_key)
    assert exported.record.checksum == checksum_of(content)
    assert exported.record.layout.size == len(content)
    return content


def definitions_of(bundle: bytes) -> dict[str, Any]:
    """Return the definitions in a bundle by artifact id, after verifying them against the manifest."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        paths = ["manifest.json", *(artifact["path"] for artifact in manifest["artifacts"])]
        assert archive.namelist() == paths
        contents = {artifact["id"]: archive.read(artifact["path"]) for artifact in manifest["artifacts"]}
    for artifact in manifest["artifacts"]:
        content = contents[artifact["id"]]
        assert artifact["sha256"] == hashlib.sha256(content).hexdigest()
        assert artifact["size"] == len(content)
    return {artifact_id: json.loads(content) for artifact_id, content in contents.items()}
