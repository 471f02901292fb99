"""Builds the bodies of responses about artifacts; :mod:`installhub.contract.response_models` describes their fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from installhub.contract.artifact_ids import encode_path_id
from installhub.contract.routes import ARTIFACTS_PATH, DOWNLOAD, GET_PACKAGE
from installhub.model.findings import unpack_findings
from installhub.model.timestamps import format_timestamp

if TYPE_CHECKING:
    from installhub.model.artifact import ArtifactNode
    from installhub.model.errors import Problem
    from installhub.packages.index_items import ContainingPackage
    from installhub.resolver.dependents import Dependent


def artifact_summary(node: ArtifactNode) -> dict[str, Any]:
    """The fields with which every body and event identifies an artifact."""
    return {"artifactId": node.id, "type": node.type.value, "name": node.name, "status": node.status.value}


def artifact_body(node: ArtifactNode, change: str | None = None) -> dict[str, Any]:
    """The body for an artifact, and what publishing it did."""
    body: dict[str, Any] = {
        **artifact_summary(node),
        "sha256": node.sha256,
        "size": node.size,
        "dependencies": list(node.dependencies),
        "requirements": [requirement.as_json() for requirement in node.requirements],
        "updatedAt": None if node.updated_at is None else format_timestamp(node.updated_at),
        "findings": [] if node.findings is None else [found.as_json() for found in unpack_findings(node.findings)],
        "acknowledgedFindings": list(node.acknowledged),
        "links": artifact_links(node.id),
    }
    return body if change is None else {**body, "change": change}


def artifact_links(artifact_id: str) -> dict[str, str]:
    """The paths of an artifact's resources, relative to the API's base URL."""
    path = f"{ARTIFACTS_PATH}/{encode_path_id(artifact_id)}"
    return {
        "self": path,
        "definition": f"{path}/definition",
        "dependents": f"{path}/dependents",
        "packages": f"{path}/packages",
    }


def artifact_list_body(nodes: Iterable[ArtifactNode], next_cursor: str | None) -> dict[str, Any]:
    """The body for a page of artifacts."""
    return {"artifacts": [artifact_body(node) for node in nodes], "nextCursor": next_cursor}


def batch_body(results: Sequence[tuple[str | None, str | Sequence[Problem]]]) -> dict[str, Any]:
    """The body for a batch.

    Args:
        results: For each artifact, in the order of the request, its id if it has one, and what publishing it did, or
            why it was refused.
    """
    changes = [change for _, change in results if isinstance(change, str)]
    return {
        "results": [
            {
                **({} if artifact_id is None else {"artifactId": artifact_id}),
                **(
                    {"change": outcome}
                    if isinstance(outcome, str)
                    else {"errors": [problem.as_json() for problem in outcome]}
                ),
            }
            for artifact_id, outcome in results
        ],
        "created": changes.count("created"),
        "updated": changes.count("updated"),
        "unchanged": changes.count("unchanged"),
        "refused": len(results) - len(changes),
    }


def dependents_body(artifact_id: str, dependents: Iterable[Dependent]) -> dict[str, Any]:
    """The body for the dependents of an artifact."""
    return {
        "artifactId": artifact_id,
        "dependents": [
            {
                **artifact_summary(dependent.node),
                "path": list(dependent.path),
                "links": artifact_links(dependent.node.id),
            }
            for dependent in dependents
        ],
    }


def artifact_packages_body(
    artifact_id: str, packages: Iterable[ContainingPackage], next_cursor: str | None
) -> dict[str, Any]:
    """The body for a page of the packages that contain an artifact."""
    return {
        "artifactId": artifact_id,
        "packages": [
            {
                "packageId": package.package_id,
                "packageName": package.name,
                "version": package.version,
                "packageType": package.package_type.value,
                "exportedAt": package.exported_at,
                "sha256": package.sha256,
                "links": {
                    "self": GET_PACKAGE.path.format(packageId=package.package_id),
                    "download": DOWNLOAD.path.format(packageId=package.package_id),
                },
            }
            for package in packages
        ],
        "nextCursor": next_cursor,
    }
