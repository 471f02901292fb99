"""Results as the bodies of answers, field by field as the API document has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from installhub.artifacts import ArtifactNode
from installhub.packages import PackageRecord
from installhub.resolver import Plan
from installhub.routes import DOWNLOAD


def package_body(record: PackageRecord, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of an export, and of a later look at the package."""
    package_id = record.description.package_id
    return {
        "packageId": package_id,
        "packageName": record.description.name,
        "version": record.description.version,
        "checksum": record.checksum,
        "artifactCount": record.artifact_count,
        "bundleDownloadUrl": DOWNLOAD.path.format(packageId=package_id),
        "exportedAt": record.exported_at,
        "isSuccess": True,
        "manifest": manifest,
    }


def reduced_package_body(record: PackageRecord, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The same without the manifest's lists, which the bundle has: for answers that would be too large."""
    return package_body(record, {**manifest, "artifacts": [], "installOrder": []})


def preview_body(plan: Plan) -> dict[str, Any]:
    """The answer of a preview."""
    closure = plan.closure
    return {
        "rootArtifacts": [_summary(node) for node in closure.root_nodes],
        "resolvedDependencies": [
            {**_summary(node), "resolvedFrom": closure.resolved_from[node.id]} for node in closure.dependency_nodes
        ],
        "totalArtifacts": len(closure.nodes),
        "installOrder": list(plan.install_order),
        "hasCircularDependency": bool(plan.cycles),
        "warnings": [problem.as_json() for problem in plan.problems],
    }


def _summary(node: ArtifactNode) -> dict[str, str]:
    return {"type": node.type.value, "id": node.id, "name": node.name}
