"""Builds the bodies of responses: packages, pending exports, previews and problem documents.

:mod:`installhub.contract.response_models` describes their fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from installhub.contract.routes import DOWNLOAD, GET_PACKAGE
from installhub.model.artifact import ArtifactNode
from installhub.model.errors import REGISTRY, Problem
from installhub.packages.pending_exports import PendingExport
from installhub.packages.records import PackageRecord, PackageStatus

if TYPE_CHECKING:
    from installhub.resolver.plan import Plan

JSON_TYPE: Final = "application/json"
PROBLEM_TYPE: Final = "application/problem+json"

_MAX_SHORT_DETAIL: Final = 1000


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


def problem_body(problems: Iterable[Problem], instance: str) -> dict[str, Any]:
    """The problem document of an error (RFC 9457).

    Args:
        problems: At least one, most important first.
        instance: URI of this occurrence.
    """
    listed = list(problems)
    code = listed[0].code
    detail = listed[0].detail
    if len(listed) > 1:
        detail = f"{detail} ({len(listed)} problems in total, see errors.)"
    return {
        "type": f"urn:installhub:error:{code.value}",
        "title": REGISTRY[code].title,
        "status": REGISTRY[code].status,
        "detail": detail,
        "instance": instance,
        "isSuccess": False,
        "errorCode": code.value,
        "errors": [problem.as_json() for problem in listed],
    }


def truncated_errors(problems: Sequence[Problem], max_bytes: int) -> list[dict[str, Any]]:
    """The first of ``problems`` as JSON, as many as fit into ``max_bytes``, but at least a shortened first one.

    For services that accept only a few hundred KB; a request may have tens of thousands of problems.
    """
    errors: list[dict[str, Any]] = []
    size = 2
    for problem in problems:
        fields = problem.as_json()
        size += len(json.dumps(fields)) + 2
        if size > max_bytes:
            break
        errors.append(fields)
    if not errors:  # thousands of dependents, or a very long cycle
        short = replace(problems[0], detail=problems[0].detail[:_MAX_SHORT_DETAIL], required_by=None, cycle=None)
        errors.append(short.as_json())
    return errors


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
