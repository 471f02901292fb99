"""Publishes artifacts: with deletion, the only writer of the artifacts table and the definition bucket.

Each artifact changes atomically: one transaction replaces the edge item, writes the new body item and lets the old one
expire. An export that read the old edge item can still read the old body item.

New artifacts of a batch cost half as much: their body items are written before the transaction, which a body item that
no edge item names does not need. The transaction also checks that no artifact has been deleted meanwhile, since a
deletion could have let one of these body items expire (docs/decisions/0047).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from installhub.artifacts import items
from installhub.artifacts.batch_get import MAX_BATCH_KEYS, batch_get
from installhub.artifacts.definition_objects import DefinitionObjects, bodies_with_objects
from installhub.artifacts.revisions import Revision, RevisionWriter
from installhub.artifacts.statistics import statistics_weight
from installhub.artifacts.validation import ArtifactInput
from installhub.model.artifact import ArtifactNode
from installhub.model.errors import ServiceUnavailableError
from installhub.model.precondition import Precondition
from installhub.runtime.aws_errors import sleep_before_retry
from installhub.runtime.batch_write import batch_put
from installhub.runtime.dynamodb import Table, Update, transact_write
from installhub.runtime.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.runtime.dynamodb import Item

BATCH_ARTIFACTS: Final = MAX_BATCH_KEYS - 1  # the batch also reads the deletions item
"""Maximum number of artifacts that are read and written together."""

BATCH_BYTES: Final = 8 * 1024 * 1024
"""Maximum size of their definitions, which are in memory; a larger one is a batch of its own."""

_TRANSACTION_WRITES: Final = 100  # a DynamoDB quota
_TRANSACTION_BYTES: Final = 2 * 1024 * 1024  # the quota is 4 MB
_MAX_ATTEMPTS: Final = 8


class Change(StrEnum):
    """What publishing an artifact did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Publication:
    """A published artifact.

    Attributes:
        node: The artifact as it is stored.
        change: What publishing did.
    """

    node: ArtifactNode
    change: Change


@dataclass(frozen=True, slots=True)
class PublishSummary:
    """The result of :meth:`Publisher.publish`.

    Attributes:
        created: Number of artifacts that did not exist before.
        updated: Number of artifacts that differed.
        unchanged: Number of artifacts that were identical.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: PublishSummary) -> PublishSummary:
        return PublishSummary(
            self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged
        )

    @classmethod
    def of(cls, publications: Iterable[Publication]) -> PublishSummary:
        """Count ``publications``."""
        changes = [publication.change for publication in publications]
        return cls(changes.count(Change.CREATED), changes.count(Change.UPDATED), changes.count(Change.UNCHANGED))


class Publisher:
    """Writes artifacts to the artifacts table and large definitions to the definition bucket."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table: str,
        objects: DefinitionObjects,
        clock: Callable[[], float] = time.time,
        *,
        searches: bool = True,
    ) -> None:
        """Prepare to publish.

        Args:
            dynamodb: A DynamoDB client.
            table: The artifacts table.
            objects: The definition bucket.
            clock: Returns epoch seconds.
            searches: Whether artifacts are searched for secrets.
        """
        self._dynamodb = dynamodb
        self._table = table
        self._objects = objects
        self._writer = RevisionWriter(table, objects, clock, searches)

    def put(self, artifact: ArtifactInput, precondition: Precondition) -> Publication:
        """Store one artifact if the precondition holds: with one read and at most one transaction if it is small.

        Raises:
            InstallHubError: PreconditionFailed.
            ServiceUnavailableError: As for :meth:`publish`.
        """
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            edge, statistics = self._read_edge_and_statistics(artifact)
            precondition.check(None if edge is None else items.node_from_item(edge).revision, "artifact")
            revision = self._writer.build(artifact, edge)
            if revision.is_unchanged:
                return _publication(revision)
            superseded = self._superseded_objects(artifact.tenant, [revision])
            writes = [
                *self._writer.writes(artifact.tenant, revision),
                *self._statistics_write(artifact.tenant, revision, statistics),
            ]
            if transact_write(self._dynamodb, writes):
                self._objects.tag_superseded(superseded)
                return _publication(revision)
            self._delete_uncommitted_objects(artifact.tenant, [revision])
            sleep_before_retry(attempt)
        raise ServiceUnavailableError("dynamodb")

    def publish(self, artifacts: Iterable[ArtifactInput]) -> PublishSummary:
        """Store ``artifacts``, each atomically and in order.

        Raises:
            ServiceUnavailableError: A service is unavailable, or concurrent writers kept changing the same artifacts.
                Artifacts stored before remain; publishing again is safe.
        """
        return PublishSummary.of(self.publish_each(artifacts))

    def publish_each(self, artifacts: Iterable[ArtifactInput]) -> Iterator[Publication]:
        """As :meth:`publish`, and yield what was done with each artifact, in the order of ``artifacts``."""
        for tenant, tenant_artifacts in groupby(artifacts, key=attrgetter("tenant")):
            for batch in _batches(tenant_artifacts):
                yield from self._publish_batch(tenant, batch)

    def _publish_batch(self, tenant: str, artifacts: Sequence[ArtifactInput]) -> list[Publication]:
        pending = {artifact.id: artifact for artifact in artifacts}
        published: dict[str, Publication] = {}
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            edges, deletions = self._read_edges_and_deletions(tenant, pending)
            revisions = [self._writer.build(artifact, edges.get(artifact.id)) for artifact in pending.values()]
            for revision in revisions:
                if revision.is_unchanged:
                    published[revision.node.id] = _publication(revision)
            for group in _transactions([revision for revision in revisions if not revision.is_unchanged]):
                if self._commit(tenant, group, deletions):
                    published |= {revision.node.id: _publication(revision) for revision in group}
            pending = {artifact.id: artifact for artifact in artifacts if artifact.id not in published}
            if not pending:
                return [published[artifact.id] for artifact in artifacts]
            sleep_before_retry(attempt)
        raise ServiceUnavailableError("dynamodb")

    def _commit(self, tenant: str, revisions: Sequence[Revision], deletions: Item | None) -> bool:
        """Write ``revisions`` in one transaction. False if a concurrent writer has changed one of the artifacts."""
        separate = [revision for revision in revisions if revision.can_write_body_first]
        batch_put(self._dynamodb, self._table, [revision.body for revision in separate])
        superseded = self._superseded_objects(tenant, revisions)
        writes = [
            write
            for revision in revisions
            for write in self._writer.writes(tenant, revision, body_is_written=revision.can_write_body_first)
        ]
        if separate:
            writes.append(self._writer.no_deletion_since(tenant, deletions))
        if not transact_write(self._dynamodb, writes):
            self._delete_uncommitted_objects(tenant, revisions)
            return False
        self._count(tenant, [revision for revision in revisions if revision.previous is None])
        self._objects.tag_superseded(superseded)
        return True

    def _read_edge_and_statistics(self, artifact: ArtifactInput) -> tuple[Item | None, Item | None]:
        found = self._read(artifact.tenant, [items.edge_sort_key(artifact.id), items.STATISTICS_SORT_KEY])
        return found.get(items.edge_sort_key(artifact.id)), found.get(items.STATISTICS_SORT_KEY)

    def _read_edges_and_deletions(self, tenant: str, ids: Iterable[str]) -> tuple[dict[str, Item], Item | None]:
        found = self._read(tenant, [*map(items.edge_sort_key, ids), items.DELETIONS_SORT_KEY])
        deletions = found.pop(items.DELETIONS_SORT_KEY, None)
        return {edge[items.ID]["S"]: edge for edge in found.values()}, deletions

    def _read(self, tenant: str, sort_keys: Sequence[str]) -> dict[str, Item]:
        keys = [items.primary_key(tenant, sort_key) for sort_key in sort_keys]
        return {item[items.SORT]["S"]: item for item in batch_get(self._dynamodb, self._table, keys, consistent=True)}

    def _superseded_objects(self, tenant: str, changed: Sequence[Revision]) -> list[Item]:
        """The body items that ``changed`` supersede and whose definitions are objects."""
        nodes = [revision.superseded for revision in changed if revision.superseded is not None]
        return bodies_with_objects(self._dynamodb, self._table, tenant, nodes)

    def _delete_uncommitted_objects(self, tenant: str, revisions: Sequence[Revision]) -> None:
        """Delete the objects that were put for ``revisions``, except those that a committed revision refers to.

        The response to a transaction that succeeded may have been lost.
        """
        uploaded = {revision.object_key: revision.node for revision in revisions if revision.object_key is not None}
        keys = [items.primary_key(tenant, items.body_sort_key(node.id, node.sha256)) for node in uploaded.values()]
        bodies = batch_get(self._dynamodb, self._table, keys, consistent=True)
        self._objects.delete(
            uploaded.keys() - {body[items.OBJECT_KEY]["S"] for body in bodies if items.OBJECT_KEY in body}
        )

    def _statistics_write(self, tenant: str, revision: Revision, statistics: Item | None) -> list[dict[str, Any]]:
        """The write that counts a new artifact. Most artifacts of a large tenant are not counted; the others more."""
        if revision.previous is not None:
            return []
        edges = 0 if statistics is None else int(statistics[items.EDGE_COUNT]["N"])
        weight = statistics_weight(revision.node.id, edges)
        size = items.edge_size(items.edge_item(tenant, revision.node))
        return [self._writer.count(tenant, weight, weight * size)] if weight else []

    def _count(self, tenant: str, created: Sequence[Revision]) -> None:
        """Update the tenant's statistics. They only determine how edge items are read, so they need not be exact."""
        if not created:
            return
        size = sum(items.edge_size(items.edge_item(tenant, revision.node)) for revision in created)
        key = items.primary_key(tenant, items.STATISTICS_SORT_KEY)
        added = Update(add={items.EDGE_COUNT: len(created), items.EDGE_BYTES: size})
        try:
            Table(self._dynamodb, self._table).update_item(key, added)
        except ServiceUnavailableError as error:  # the artifacts are stored, so publishing has not failed
            logger.warning("new artifacts not counted", extra={"artifacts": len(created)}, exc_info=error)


def _publication(revision: Revision) -> Publication:
    previous = revision.previous_node
    if previous is None:
        return Publication(revision.node, Change.CREATED)
    if revision.is_same:
        return Publication(previous, Change.UNCHANGED)
    return Publication(revision.node, Change.UPDATED)


def _batches(artifacts: Iterable[ArtifactInput]) -> Iterator[list[ArtifactInput]]:
    """Consecutive artifacts that are read together; one that occurs again starts the next batch."""
    batch: dict[str, ArtifactInput] = {}
    size = 0
    for artifact in artifacts:
        is_full = len(batch) == BATCH_ARTIFACTS or size + len(artifact.definition) > BATCH_BYTES
        if batch and (is_full or artifact.id in batch):
            yield list(batch.values())
            batch, size = {}, 0
        batch[artifact.id] = artifact
        size += len(artifact.definition)
    if batch:
        yield list(batch.values())


def _transactions(revisions: Iterable[Revision]) -> Iterator[list[Revision]]:
    """Consecutive revisions that fit into one transaction."""
    group: list[Revision] = []
    writes, size = 1, 0  # one write checks deletions
    for revision in revisions:
        edge = items.edge_size(items.edge_item("", revision.node))
        is_light = revision.can_write_body_first
        revision_writes, revision_size = (1, edge) if is_light else (3, edge + items.MAX_INLINE_BYTES)
        if group and (writes + revision_writes > _TRANSACTION_WRITES or size + revision_size > _TRANSACTION_BYTES):
            yield group
            group, writes, size = [], 1, 0
        group.append(revision)
        writes += revision_writes
        size += revision_size
    if group:
        yield group
