"""Builds the bodies of responses: packages, pending exports and previews.

:mod:`installhub.contract.response_models` describes their fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from installhub.contract.routes import DOWNLOAD, GET_PACKAGE
from installhub.model.artifact import ArtifactNode
from installhub.packages.pending_exports import PendingExport
from installhub.packages.records import PackageRecord, PackageStatus

if TYPE_CHECKING:
    from installhub.resolver.plan import Plan


def package_body(record: PackageRecord, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The body for an exported package; includes status and progress if the export was asynchronous."""
    package_id = record.description.package_id
    body = {
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
    if record.requested_at is None:
        return body
    progress = {"done": record.artifact_count, "total": record.artifact_count}
    status = PackageStatus.EXPORTED.value
    return {**body, "status": status, "requestedAt": record.requested_at, "progress": progress}


def reduced_package_body(record: PackageRecord, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """As :func:`package_body`, but with empty lists in the manifest, for responses that would be too large."""
    return package_body(record, {**manifest, "artifacts": [], "installOrder": []})


def pending_body(pending: PendingExport) -> dict[str, Any]:
    """The body for a pending export: queued, in progress or failed."""
    body: dict[str, Any] = {
        "packageId": pending.package_id,
        "packageName": pending.accepted.name,
        "version": pending.accepted.version,
        "status": pending.status.value,
        "requestedAt": pending.accepted.requested_at,
        "statusUrl": GET_PACKAGE.path.format(packageId=pending.package_id),
    }
    if pending.status is PackageStatus.FAILED:
        errors = list(pending.errors)
        return {**body, "isSuccess": False, "errorCode": errors[0]["errorCode"], "errors": errors}
    return {**body, "progress": {"done": pending.written, "total": pending.total}}


def preview_body(plan: Plan) -> dict[str, Any]:
    """The body for a preview."""
    closure = plan.closure
    return {
        "rootArtifacts": [_artifact_summary(node) for node in closure.root_nodes],
        "resolvedDependencies": [
            {**_artifact_summary(node), "resolvedFrom": closure.resolved_from[node.id]}
            for node in closure.dependency_nodes
        ],
        "totalArtifacts": len(closure.nodes),
        "installOrder": list(plan.install_order),
        "hasCircularDependency": bool(plan.cycles),
        "warnings": [problem.as_json() for problem in plan.problems],
    }


def _artifact_summary(node: ArtifactNode) -> dict[str, str]:
    return {"type": node.type.value, "id": node.id, "name": node.name}
