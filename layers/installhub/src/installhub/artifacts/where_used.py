"""Finds what depends on an artifact of a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from installhub.model.errors import ErrorCode, InstallHubError, MissingResourceError
from installhub.resolver.dependents import find_dependents

if TYPE_CHECKING:
    from installhub.artifacts.catalog import ArtifactTable
    from installhub.resolver.dependents import Dependent

_MAX_PATHS_LENGTH: Final = 32 * 1024 * 1024
"""Maximum total length of the ids in all paths, in characters. Paths of long chains compress well."""

_TOO_LARGE: Final = "The result is too large for a response. Request the direct dependents, without `transitive`."


def list_dependents(artifacts: ArtifactTable, tenant: str, artifact_id: str, *, transitive: bool) -> list[Dependent]:
    """The artifacts that depend on an artifact, the nearest first; see :func:`find_dependents`.

    Reads all edge items of the tenant: an index by dependency would multiply the cost of publishing
    (docs/decisions/0048).

    Raises:
        MissingResourceError: The artifact does not exist in the tenant.
        InstallHubError: PackageTooLarge, if the paths are too long for a response.
    """
    nodes = artifacts.for_tenant(tenant).all_nodes()
    if not any(node.id == artifact_id for node in nodes):
        raise MissingResourceError.artifact()
    found: list[Dependent] = []
    length = 0
    for dependent in find_dependents(nodes, artifact_id, transitive=transitive):
        length += sum(map(len, dependent.path))
        if length > _MAX_PATHS_LENGTH:
            raise InstallHubError.of(ErrorCode.PACKAGE_TOO_LARGE, _TOO_LARGE)
        found.append(dependent)
    return found
