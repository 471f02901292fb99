"""Reads single artifacts and pages of a tenant's artifacts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from installhub.artifacts import items
from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType
from installhub.model.cursor import CursorScope, Page
from installhub.model.errors import ErrorCode, InstallHubError, MissingResourceError
from installhub.runtime.aws_errors import translate_aws_errors
from installhub.runtime.dynamodb import Attribute, Condition, Table, expressions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MAX_REQUESTS: Final = 2
"""How many requests a page may take. With a filter that matches few artifacts, a page may have fewer than its limit."""

_MAX_DEPENDENCIES_BYTES: Final = 3 * 1024 * 1024
"""A page ends before the dependencies of its artifacts have more bytes than this, which is half of a response."""


@dataclass(frozen=True, slots=True)
class ArtifactFilter:
    """Which artifacts a list contains.

    Attributes:
        type: Only artifacts of this kind.
        status: Only artifacts in this state.
        name_prefix: Only artifacts whose name starts with this; case-sensitive.
    """

    type: ArtifactType | None = None
    status: ArtifactStatus | None = None
    name_prefix: str | None = None

    @property
    def condition(self) -> Condition | None:
        """The filter as a condition on edge items; None if every artifact matches."""
        conditions = [
            *([Attribute(items.TYPE).equals(self.type.value)] if self.type else []),
            *([Attribute(items.STATUS).equals(self.status.value)] if self.status else []),
            *([Attribute(items.NAME).begins_with(self.name_prefix)] if self.name_prefix else []),
        ]
        if not conditions:
            return None
        combined, *others = conditions
        for condition in others:
            combined &= condition
        return combined

    def cursor_scope(self, tenant: str) -> CursorScope:
        """What the cursors of this list belong to."""
        return CursorScope(
            "artifacts", tenant, {"type": self.type, "status": self.status, "namePrefix": self.name_prefix}
        )


@dataclass(frozen=True, slots=True)
class ArtifactReader:
    """Reads artifacts as their writers see them: all reads are strongly consistent.

    Attributes:
        client: DynamoDB.
        table: Name of the artifacts table.
    """

    client: DynamoDBClient
    table: str

    def get(self, tenant: str, artifact_id: str) -> ArtifactNode:
        """An artifact.

        Raises:
            MissingResourceError: It does not exist in the tenant.
        """
        edge = Table(self.client, self.table).get_item(items.primary_key(tenant, items.edge_sort_key(artifact_id)))
        if edge is None:
            raise MissingResourceError.artifact()
        return items.node_from_item(edge)

    def list(self, tenant: str, wanted: ArtifactFilter, limit: int, cursor: str | None) -> Page[ArtifactNode]:
        """A page of up to ``limit`` artifacts, after the position of ``cursor``. Takes at most two requests.

        Raises:
            InstallHubError: InvalidCursor.
        """
        scope = wanted.cursor_scope(tenant)
        request: dict[str, Any] = {
            "TableName": self.table,
            "ConsistentRead": True,
            **expressions(
                key_condition=Attribute(items.PARTITION).equals(items.partition_key(tenant))
                & Attribute(items.SORT).between(items.EDGE_PREFIX, items.EDGE_PREFIX_END),
                filter_condition=wanted.condition,
            ),
        }
        if wanted.condition is None:
            request["Limit"] = limit + 1  # one more tells whether there is a next page
        if cursor is not None:
            (after,) = scope.decode(cursor)
            if not items.is_edge_sort_key(after):
                raise InstallHubError.of(ErrorCode.INVALID_CURSOR)
            request["ExclusiveStartKey"] = items.primary_key(tenant, after)
        found: list[Any] = []
        last_read: str | None = None
        for _ in range(_MAX_REQUESTS):
            with translate_aws_errors("dynamodb"):
                page = self.client.query(**request)
            found += page["Items"]
            last_read = page["LastEvaluatedKey"][items.SORT]["S"] if "LastEvaluatedKey" in page else None
            if last_read is None or len(found) > limit:
                break
            request["ExclusiveStartKey"] = items.primary_key(tenant, last_read)
        nodes = _fitting(map(items.node_from_item, found[:limit]))
        if len(found) > len(nodes):
            last_read = found[len(nodes) - 1][items.SORT]["S"]
        return Page(nodes, None if last_read is None else scope.encode([last_read]))


def _fitting(nodes: Iterable[ArtifactNode]) -> tuple[ArtifactNode, ...]:
    """The first of ``nodes`` that fit into a response; at least one. Dependencies are stored compressed."""
    fitting: list[ArtifactNode] = []
    size = 0
    for node in nodes:
        size += sum(len(dependency.encode()) for dependency in node.dependencies)
        if fitting and size > _MAX_DEPENDENCIES_BYTES:
            break
        fitting.append(node)
    return tuple(fitting)
