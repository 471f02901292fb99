"""Reads a tenant's dependency graph for the resolver, at the lowest cost for the size of the closure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from installhub.artifacts import items
from installhub.artifacts.batch_get import MAX_BATCH_KEYS, batch_get
from installhub.artifacts.read_cache import CachedWalk, ReadCache
from installhub.model.artifact import ArtifactNode
from installhub.runtime.aws_errors import translate_aws_errors
from installhub.runtime.dynamodb import Attribute, expressions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.runtime.dynamodb import Item, NewItem

_BYTES_PER_UNIT: Final = 8 * 1024  # a Query returns 8 KB per eventually consistent read unit
_UNITS_PER_KEY: Final = 0.5  # a BatchGetItem consumes at least half a unit per item
_KEYS_PER_BATCH: Final = MAX_BATCH_KEYS - 1  # the first batch also reads the statistics
_MAX_CONCURRENT_REQUESTS: Final = 8
_UNITS_PER_ROUND_TRIP: Final = 10
"""The cost of a round trip, in read units (docs/decisions/0007)."""


@dataclass(frozen=True, slots=True)
class ArtifactTable:
    """The artifacts table.

    Attributes:
        client: DynamoDB.
        name: Name of the table.
        cache: What this process remembers of earlier reads.
    """

    client: DynamoDBClient
    name: str
    cache: ReadCache = field(default_factory=ReadCache)

    def for_tenant(self, tenant: str, *, consistent: bool = False) -> TenantCatalog:
        """The catalog of ``tenant`` for one request.

        Args:
            tenant: Id of the tenant.
            consistent: Use strongly consistent reads, which cost twice as much as eventually consistent ones.
        """
        return TenantCatalog(self, tenant, consistent=consistent)


class TenantCatalog:
    """Implements :class:`installhub.resolver.closure.Catalog`.

    There are two ways to read edge items: a BatchGetItem per level of the graph, which is cheaper if the closure is a
    small part of the tenant, and a Query of all the tenant's edge items, which is cheaper if it is a large part. The
    size of the closure is unknown in advance, so levels are read until they would cost more than the whole tenant; then
    the whole tenant is read. The total cost is at most about twice that of the cheaper way. If this process has walked
    from the same roots before, all ids of that walk are requested at once, in the cheaper way.
    """

    def __init__(self, table: ArtifactTable, tenant: str, *, consistent: bool) -> None:
        self._table = table
        self._tenant = tenant
        self._consistent = consistent
        self._nodes: dict[str, ArtifactNode] = {}
        self._requested: set[str] = set()
        self._has_read_all = False
        self._walk: CachedWalk | None = None
        self._statistics = table.cache.statistics(tenant)
        self._has_requested_statistics = False
        self._units_spent = 0.0

    def nodes(self, ids: Collection[str]) -> Mapping[str, ArtifactNode]:
        """The artifacts among ``ids`` that exist in the tenant, by id."""
        self._read([*ids, *self._predict_from_cache(ids)])
        return {artifact_id: self._nodes[artifact_id] for artifact_id in ids if artifact_id in self._nodes}

    def existing(self, ids: Collection[str]) -> Collection[str]:
        """The ids among ``ids`` that exist in the tenant, which need not be part of the walk."""
        self._read(ids)
        return [artifact_id for artifact_id in ids if artifact_id in self._nodes]

    def _read(self, ids: Iterable[str]) -> None:
        """Read the nodes of ``ids`` that have not been requested, or all of the tenant if that is cheaper."""
        unread = (
            []
            if self._has_read_all
            else [artifact_id for artifact_id in dict.fromkeys(ids) if artifact_id not in self._requested]
        )
        while unread:
            if self._full_read_is_cheaper(len(unread)):
                self._read_all()
                break
            # The first batch also returns the statistics, which determine the cost of a full read.
            count = _KEYS_PER_BATCH * _MAX_CONCURRENT_REQUESTS if self._statistics.edges else _KEYS_PER_BATCH
            self._read_keys(unread[:count])
            unread = unread[count:]

    def all_nodes(self) -> Collection[ArtifactNode]:
        """All artifacts of the tenant."""
        if not self._has_read_all:
            self._read_all()
        return self._nodes.values()

    def existing_in_other_tenants(self, ids: Collection[str]) -> Collection[str]:
        """The ids among ``ids`` that exist in another tenant."""
        with ThreadPoolExecutor(max_workers=_MAX_CONCURRENT_REQUESTS) as pool:
            return [
                artifact_id
                for artifact_id, exists in zip(ids, pool.map(self._exists_in_other_tenant, ids), strict=True)
                if exists
            ]

    def _predict_from_cache(self, ids: Collection[str]) -> Collection[str]:
        """The ids that the last walk from the roots ``ids`` requested; none for later levels of the walk."""
        if self._walk is not None:
            self._walk.record(ids)
            return ()
        last, self._walk = self._table.cache.start_walk(self._tenant, ids)
        self._walk.record(ids)
        if last.count > len(last.ids) and self._full_read_is_cheaper(last.count):
            self._read_all()
        return last.ids

    def _full_read_is_cheaper(self, unread: int) -> bool:
        """Whether a Query of all edge items costs less than the batches so far and those for ``unread`` more keys."""
        if not self._statistics.edges:
            return False
        full_read = self._statistics.pages * _UNITS_PER_ROUND_TRIP + self._statistics.edge_bytes / _BYTES_PER_UNIT
        return self._units_spent + _batch_get_cost(unread) > full_read

    def _read_keys(self, ids: Sequence[str]) -> None:
        batches = [
            [items.primary_key(self._tenant, items.edge_sort_key(artifact_id)) for artifact_id in ids[start:end]]
            for start, end in pairwise([*range(0, len(ids), _KEYS_PER_BATCH), len(ids)])
        ]
        if not self._has_requested_statistics:
            batches[0].insert(0, items.primary_key(self._tenant, items.STATISTICS_SORT_KEY))
            self._has_requested_statistics = True
        self._requested.update(ids)
        self._units_spent += _batch_get_cost(len(ids))
        if len(batches) == 1:
            self._add_items(self._get_batch(batches[0]))
            return
        with ThreadPoolExecutor(max_workers=_MAX_CONCURRENT_REQUESTS) as pool:
            for found in pool.map(self._get_batch, batches):
                self._add_items(found)

    def _get_batch(self, keys: Sequence[NewItem]) -> list[Item]:
        return batch_get(self._table.client, self._table.name, keys, consistent=self._consistent)

    def _add_items(self, found: Iterable[Item]) -> None:
        for item in found:
            if item[items.SORT]["S"] == items.STATISTICS_SORT_KEY:
                self._statistics.edges = int(item[items.EDGE_COUNT]["N"])
                self._statistics.edge_bytes = int(item[items.EDGE_BYTES]["N"])
            else:
                self._add_node(items.node_from_item(item))

    def _read_all(self) -> None:
        """Read all edge items, in parallel if the ends of the pages are known from an earlier read."""
        bounds = [None, *self._statistics.page_ends, None]
        with ThreadPoolExecutor(max_workers=_MAX_CONCURRENT_REQUESTS) as pool:
            sections = list(pool.map(self._read_section, bounds, bounds[1:]))
        page_ends: list[str] = []
        for (nodes, ends), end in zip(sections, bounds[1:], strict=True):
            page_ends += ends if end is None else [*ends, end]
            for node in nodes:
                self._add_node(node)
        self._has_read_all = True
        self._statistics.update(sum(len(nodes) for nodes, _ in sections), page_ends)

    def _read_section(self, after: str | None, last: str | None) -> tuple[list[ArtifactNode], list[str]]:
        """The nodes after the sort key ``after``, up to and including ``last``, and the sort keys that ended pages."""
        request: dict[str, Any] = {
            "TableName": self._table.name,
            "ConsistentRead": self._consistent,
            **expressions(
                key_condition=Attribute(items.PARTITION).equals(items.partition_key(self._tenant))
                & Attribute(items.SORT).between(after or items.EDGE_PREFIX, last or items.EDGE_PREFIX_END)
            ),
        }
        if after is not None:
            request["ExclusiveStartKey"] = items.primary_key(self._tenant, after)
        nodes: list[ArtifactNode] = []
        ends: list[str] = []
        while True:
            with translate_aws_errors("dynamodb"):
                page = self._table.client.query(**request)
            nodes += map(items.node_from_item, page["Items"])
            if "LastEvaluatedKey" not in page:
                return nodes, ends
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            end = page["LastEvaluatedKey"][items.SORT]["S"]
            if end == last:  # a page that ends exactly there has a LastEvaluatedKey too
                return nodes, ends
            ends.append(end)

    def _add_node(self, node: ArtifactNode) -> None:
        # If an artifact was read twice, the first revision is kept: the walk has followed its dependencies.
        self._nodes.setdefault(node.id, node)

    def _exists_in_other_tenant(self, artifact_id: str) -> bool:
        with translate_aws_errors("dynamodb"):
            page = self._table.client.query(
                TableName=self._table.name,
                IndexName=items.ID_INDEX,
                Limit=2,
                **expressions(key_condition=Attribute(items.ID).equals(artifact_id)),
            )
        own = items.partition_key(self._tenant)
        return any(item[items.PARTITION]["S"] != own for item in page["Items"])


def _batch_get_cost(keys: int) -> float:
    """The cost of reading a number of ``keys`` with BatchGetItem, in read units."""
    requests = -(-keys // _KEYS_PER_BATCH)
    return requests * _UNITS_PER_ROUND_TRIP + keys * _UNITS_PER_KEY
