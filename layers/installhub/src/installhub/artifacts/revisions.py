"""Revisions of artifacts that are to be written, and the writes that store them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from installhub.artifacts import items
from installhub.model.artifact import ArtifactNode
from installhub.model.definition import pack, sha256_hex
from installhub.runtime.dynamodb import Attribute, Update, expressions

if TYPE_CHECKING:
    from installhub.artifacts.definition_objects import DefinitionObjects
    from installhub.artifacts.validation import ArtifactInput
    from installhub.runtime.dynamodb import Item, NewItem

SUPERSEDED_BODY_RETENTION_SECONDS: Final = 7 * 24 * 3600
"""How long the body item of a superseded revision is kept: much longer than any export that may read it."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of an artifact to be written.

    Attributes:
        node: The artifact.
        body: The body item; empty if the definition is stored already.
        object_key: Key of the object that was put for this revision, if any.
        previous: The edge item that it replaces, if any.
    """

    node: ArtifactNode
    body: NewItem
    object_key: str | None
    previous: Item | None

    @property
    def previous_node(self) -> ArtifactNode | None:
        """The artifact as it is, if it exists."""
        return None if self.previous is None else items.node_from_item(self.previous)

    @property
    def is_same(self) -> bool:
        """Whether the artifact is as it was. Nodes that differ may be equal: in Python, 1 == 1.0 == True."""
        previous = self.previous_node
        return previous is not None and previous.revision == self.node.revision

    @property
    def is_unchanged(self) -> bool:
        """Whether there is nothing to write: neither a change, nor the result of a search that was not made before."""
        previous = self.previous_node
        if previous is None or not self.is_same:
            return False
        searches = ((self.node.references, previous.references), (self.node.findings, previous.findings))
        return all(now is None or before is not None for now, before in searches)

    @property
    def superseded(self) -> ArtifactNode | None:
        """The previous revision, if its definition differs."""
        previous = self.previous_node
        return previous if previous is not None and previous.sha256 != self.node.sha256 else None

    @property
    def writes_body(self) -> bool:
        """Whether the definition is not stored yet."""
        return self.previous is None or self.superseded is not None

    @property
    def can_write_body_first(self) -> bool:
        """Whether the body item can be written before the transaction: nothing refers to it, and it to no object."""
        return self.previous is None and self.object_key is None


@dataclass(frozen=True, slots=True)
class RevisionWriter:
    """Builds revisions, and the writes of the transactions that store and remove them.

    Attributes:
        table: Name of the artifacts table.
        objects: Stores definitions that are too large for an item.
        clock: Returns epoch seconds.
        searches: Whether artifacts are searched for secrets.
    """

    table: str
    objects: DefinitionObjects
    clock: Callable[[], float] = time.time
    searches: bool = True

    def build(self, artifact: ArtifactInput, previous: Item | None) -> Revision:
        """The revision of ``artifact`` that replaces the edge item ``previous``.

        Only a definition that is not stored yet is packed. If it is too large for an item, it is stored now.
        """
        before = None if previous is None else items.node_from_item(previous)
        now = int(self.clock())
        if before is not None and before.sha256 == sha256_hex(artifact.definition):
            node = artifact.to_node(before.packed_size, updated_at=now, search=self.searches)
            if node.revision == before.revision:  # at most the results of searches are new
                node = replace(node, updated_at=before.updated_at)
            return Revision(node, {}, None, previous)
        packed = pack(artifact.definition)
        node = artifact.to_node(packed.packed_size, updated_at=now, search=self.searches)
        body: NewItem = {
            **items.primary_key(artifact.tenant, items.body_sort_key(artifact.id, node.sha256)),
            items.PACKED_SIZE: {"N": str(packed.packed_size)},
            items.CRC32: {"N": str(packed.crc32)},
            items.SIZE: {"N": str(packed.size)},
        }
        data = b"".join(packed.chunks)
        object_key = None
        if packed.packed_size <= items.MAX_INLINE_BYTES:
            body[items.DATA] = {"B": data}
        else:
            object_key = self.objects.put(artifact.tenant, artifact.id, node.sha256, data)
            body[items.OBJECT_KEY] = {"S": object_key}
        return Revision(node, body, object_key, previous)

    def writes(self, tenant: str, revision: Revision, *, body_is_written: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the writes that replace the previous revision, on condition that it has not changed.

        Args:
            tenant: Id of the tenant.
            revision: The revision.
            body_is_written: Its body item has been written before.
        """
        edge = items.edge_item(tenant, revision.node)
        yield self._put(edge, **expressions(condition=items.is_unchanged(revision.previous)))
        if revision.superseded is not None:
            yield self._expire_body(tenant, revision.superseded)
        if revision.writes_body and not body_is_written:
            yield self._put(revision.body)

    def deletion(self, tenant: str, edge: Item) -> list[dict[str, Any]]:
        """The writes that delete and uncount an artifact, on condition that its edge item has not changed."""
        node = items.node_from_item(edge)
        return [
            {
                "Delete": {
                    "TableName": self.table,
                    "Key": items.primary_key(tenant, items.edge_sort_key(node.id)),
                    **expressions(condition=items.is_unchanged(edge)),
                }
            },
            self._expire_body(tenant, node),
            self._update(items.primary_key(tenant, items.DELETIONS_SORT_KEY), Update(add={items.DELETIONS: 1})),
            self.count(tenant, -1, -items.edge_size(dict(edge))),
        ]

    def no_deletion_since(self, tenant: str, deletions: Item | None) -> dict[str, Any]:
        """A check that no artifact of the tenant has been deleted since its deletions item was read."""
        count = Attribute(items.DELETIONS)
        condition = count.not_exists() if deletions is None else count.equals(deletions[items.DELETIONS])
        key = items.primary_key(tenant, items.DELETIONS_SORT_KEY)
        return {"ConditionCheck": {"TableName": self.table, "Key": key, **expressions(condition=condition)}}

    def count(self, tenant: str, edges: int, edge_bytes: int) -> dict[str, Any]:
        """A write that adds to the tenant's statistics."""
        added = Update(add={items.EDGE_COUNT: edges, items.EDGE_BYTES: edge_bytes})
        return self._update(items.primary_key(tenant, items.STATISTICS_SORT_KEY), added)

    def _expire_body(self, tenant: str, node: ArtifactNode) -> dict[str, Any]:
        expires_at = int(self.clock()) + SUPERSEDED_BODY_RETENTION_SECONDS
        key = items.primary_key(tenant, items.body_sort_key(node.id, node.sha256))
        return self._update(key, Update(assign={items.EXPIRES_AT: expires_at}))

    def _put(self, item: NewItem, **condition: Any) -> dict[str, Any]:  # noqa: ANN401  # parameters of a request
        return {"Put": {"TableName": self.table, "Item": item, **condition}}

    def _update(self, key: NewItem, update: Update) -> dict[str, Any]:
        return {"Update": {"TableName": self.table, "Key": key, **expressions(update=update)}}
