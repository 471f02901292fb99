"""Builds bills of materials (CycloneDX 1.6); :mod:`installhub.contract.sbom_models` describes their fields.

A bill is a function of the package and the version of this software: nothing in it is random or depends on the time.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from installhub.model.hub import HUB_VERSION
from installhub.packages.records import PackageRecord

SBOM_TYPE: Final = "application/vnd.cyclonedx+json; version=1.6"

_NAMESPACE: Final = uuid.UUID("2b0f3f0e-6a0c-5d55-9c3a-0d7c1f4a8e62")
"""Of the serial numbers; changing it would give every bill another one."""


def sbom_body(record: PackageRecord, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The bill of materials of a package: a component for each artifact, a service for each requirement.

    ``manifest`` is that of the package.
    """
    artifacts, requirements = manifest["artifacts"], manifest.get("requirements", [])
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, record.description.package_id)}",
        "version": 1,
        "metadata": {
            "timestamp": record.exported_at,
            "tools": {"components": [{"type": "application", "name": "InstallHub", "version": HUB_VERSION}]},
            "component": _package(record, manifest),
        },
        "components": [_component(artifact) for artifact in artifacts],
        "services": [_service(requirement) for requirement in requirements],
        "dependencies": _dependencies(record, manifest),
    }


def _package(record: PackageRecord, manifest: Mapping[str, Any]) -> dict[str, Any]:
    description = record.description
    return {
        "type": "application",
        "bom-ref": description.package_id,
        **({"authors": [{"name": description.author}]} if description.author else {}),
        "name": description.name,
        "version": description.version,
        **({"description": description.description} if description.description else {}),
        "hashes": [_sha256(record.checksum.removeprefix("sha256:"))],
        "properties": [_property("packageType", manifest["packageType"])],
        **({"tags": list(description.tags)} if description.tags else {}),
    }


def _component(artifact: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "data",
        "bom-ref": _artifact_ref(artifact["id"]),
        "name": artifact["name"],
        "hashes": [_sha256(artifact["sha256"])],
        "properties": [
            _property("id", artifact["id"]),
            _property("type", artifact["type"]),
            _property("path", artifact["path"]),
            _property("size", str(artifact["size"])),
        ],
        "data": [{"type": "definition"}],
    }


def _service(requirement: Mapping[str, Any]) -> dict[str, Any]:
    """A service without the default value, which may be meant for the users of the package only."""
    value_type = requirement.get("valueType")
    return {
        "bom-ref": _requirement_ref(requirement["name"]),
        "name": requirement["name"],
        **({"description": requirement["description"]} if requirement.get("description") else {}),
        "properties": [
            _property("kind", requirement["kind"]),
            *([_property("valueType", value_type)] if value_type else []),
        ],
    }


def _dependencies(record: PackageRecord, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The graph: the package depends on its roots, artifacts on artifacts and on what they require."""
    requirements = manifest.get("requirements", [])
    required: defaultdict[str, list[str]] = defaultdict(list)
    for requirement in requirements:
        for artifact_id in requirement["requiredBy"]:
            required[artifact_id].append(_requirement_ref(requirement["name"]))
    roots = {"ref": record.description.package_id, "dependsOn": [*map(_artifact_ref, manifest["rootArtifacts"])]}
    edges = [
        {
            "ref": _artifact_ref(artifact["id"]),
            "dependsOn": [*map(_artifact_ref, dict.fromkeys(artifact["dependencies"])), *required[artifact["id"]]],
        }
        for artifact in manifest["artifacts"]
    ]
    return [roots, *edges, *({"ref": _requirement_ref(requirement["name"])} for requirement in requirements)]


def _artifact_ref(artifact_id: str) -> str:
    return f"artifact:{artifact_id}"


def _requirement_ref(name: str) -> str:
    return f"requirement:{name}"


def _sha256(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest}


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": f"installhub:{name}", "value": value}
