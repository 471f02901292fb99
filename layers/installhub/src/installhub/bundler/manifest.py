"""The manifest: the contents of a bundle and their install order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from installhub.bundler.entry_names import entry_path
from installhub.model.artifact import ArtifactNode
from installhub.model.gathered_requirements import gather_requirements
from installhub.model.package import PackageDescription

FORMAT_VERSION: Final = "1"
"""Version of the manifest and of the bundle's layout; incremented by changes that break existing readers."""

_LISTS_OF_OBJECTS: Final = frozenset({"artifacts", "requirements"})


def build_manifest(
    package: PackageDescription, roots: Iterable[str], ordered_nodes: Sequence[ArtifactNode]
) -> dict[str, Any]:
    """The manifest of ``package``, which depends only on the request and the artifacts.

    Without requirements it has no ``requirements``, as before there were any, so that such a bundle keeps its checksum.

    Args:
        package: The description of the package.
        roots: Ids of the requested artifacts, in any order.
        ordered_nodes: The closure in install order.
    """
    artifacts = [
        {
            "type": node.type.value,
            "id": node.id,
            "name": node.name,
            "path": entry_path(node.type, node.id),
            "size": node.size,
            "sha256": node.sha256,
            "dependencies": list(node.dependencies),
        }
        for node in ordered_nodes
    ]
    manifest: dict[str, Any] = {
        "formatVersion": FORMAT_VERSION,
        "packageId": package.package_id,
        "name": package.name,
        "version": package.version,
        "packageType": package.package_type.value,
        "description": package.description,
        "author": package.author,
        "tags": list(package.tags),
        "rootArtifacts": sorted(roots),
        "artifacts": artifacts,
        "installOrder": [artifact["id"] for artifact in artifacts],
    }
    if requirements := [
        {**gathered.requirement.as_json(), "requiredBy": list(gathered.required_by)}
        for gathered in gather_requirements(ordered_nodes)
    ]:
        manifest["requirements"] = requirements
    return manifest


def encode_manifest(manifest: dict[str, Any]) -> bytes:
    """``manifest`` as human-readable JSON: one line per field, artifact and requirement."""
    fields = []
    for key, value in manifest.items():
        if key in _LISTS_OF_OBJECTS:
            lines = ",\n    ".join(_json(element) for element in value)
            fields.append(f"{_json(key)}: [\n    {lines}\n  ]")
        else:
            fields.append(f"{_json(key)}: {_json(value)}")
    body = ",\n  ".join(fields)
    return f"{{\n  {body}\n}}\n".encode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
