"""Deletes artifacts that no published artifact depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from installhub.artifacts import items
from installhub.artifacts.catalog import ArtifactTable
from installhub.artifacts.definition_objects import DefinitionObjects, bodies_with_objects
from installhub.artifacts.revisions import RevisionWriter
from installhub.model.artifact import ArtifactStatus
from installhub.model.errors import (
    ErrorCode,
    InstallHubError,
    MissingResourceError,
    Problem,
    ServiceUnavailableError,
)
from installhub.model.precondition import Precondition
from installhub.resolver.dependents import direct_dependents
from installhub.runtime.aws_errors import sleep_before_retry
from installhub.runtime.dynamodb import Table, transact_write

_MAX_ATTEMPTS: Final = 8


@dataclass(frozen=True, slots=True)
class ArtifactDeleter:
    """Deletes artifacts.

    Attributes:
        artifacts: The artifacts table.
        objects: The definition bucket.
        writer: Builds the writes.
    """

    artifacts: ArtifactTable
    objects: DefinitionObjects
    writer: RevisionWriter

    def delete(self, tenant: str, artifact_id: str, precondition: Precondition) -> None:
        """Delete an artifact. Its definition expires later, so that exports that are reading it can finish.

        An artifact that is published at the same time may depend on the deleted one; it cannot be exported then, as
        when any dependency is missing.

        Raises:
            MissingResourceError: The artifact does not exist.
            InstallHubError: PreconditionFailed, or ArtifactInUse if published artifacts depend on it.
            ServiceUnavailableError: A service is unavailable, or concurrent writers kept changing the artifact.
        """
        table = Table(self.artifacts.client, self.artifacts.name)
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            edge = table.get_item(items.primary_key(tenant, items.edge_sort_key(artifact_id)))
            if edge is None:
                raise MissingResourceError.artifact()
            node = items.node_from_item(edge)
            precondition.check(node.revision, "artifact")
            self._check_not_in_use(tenant, artifact_id)
            bodies = bodies_with_objects(self.artifacts.client, self.artifacts.name, tenant, [node])
            if transact_write(self.artifacts.client, self.writer.deletion(tenant, edge)):
                self.objects.tag_superseded(bodies)
                return
            sleep_before_retry(attempt)
        raise ServiceUnavailableError("dynamodb")

    def _check_not_in_use(self, tenant: str, artifact_id: str) -> None:
        nodes = self.artifacts.for_tenant(tenant, consistent=True).all_nodes()
        required_by = tuple(
            node.id
            for node in direct_dependents(nodes, artifact_id)
            if node.status is ArtifactStatus.PUBLISHED and node.id != artifact_id
        )
        if required_by:
            detail = f"{len(required_by)} published artifacts depend on {artifact_id!r}; see requiredBy."
            raise InstallHubError([Problem(ErrorCode.ARTIFACT_IN_USE, detail, artifact_id, required_by)])
