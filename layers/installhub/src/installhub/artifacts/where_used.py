"""Finds what depends on an artifact of a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installhub.model.errors import MissingResourceError
from installhub.resolver.dependents import find_dependents

if TYPE_CHECKING:
    from installhub.artifacts.catalog import ArtifactTable
    from installhub.resolver.dependents import Dependent


def list_dependents(artifacts: ArtifactTable, tenant: str, artifact_id: str, *, transitive: bool) -> list[Dependent]:
    """The artifacts that depend on an artifact, the nearest first; see :func:`find_dependents`.

    Reads all edge items of the tenant: an index by dependency would multiply the cost of publishing
    (docs/decisions/0048).

    Raises:
        MissingResourceError: The artifact does not exist in the tenant.
    """
    nodes = artifacts.for_tenant(tenant).all_nodes()
    if not any(node.id == artifact_id for node in nodes):
        raise MissingResourceError.artifact()
    return list(find_dependents(nodes, artifact_id, transitive=transitive))
