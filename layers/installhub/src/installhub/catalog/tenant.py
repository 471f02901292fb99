"""One tenant's artifacts as the resolver's catalog, read as cheaply as the closure allows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from installhub.artifacts import ArtifactNode
from installhub.aws import unavailable_when_failing
from installhub.catalog import items
from installhub.catalog.reads import MAX_BATCH_KEYS, batch_get

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.catalog.items import Item, NewItem

_PAGE_BYTES: Final = 1024 * 1024  # a Query answers 1 MB at a time
_BYTES_PER_UNIT: Final = 8 * 1024  # an eventually consistent read unit of a Query
_UNITS_PER_KEY: Final = 0.5  # a BatchGetItem rounds every item up to half a unit
_KEYS_AT_ONCE: Final = MAX_BATCH_KEYS - 1  # the first batch reads the summary too
_REQUESTS_AT_ONCE: Final = 8
_UNITS_PER_ROUND_TRIP: Final = 10
"""What waiting for one more request is worth in read units; see docs/decisions."""


@dataclass(frozen=True, slots=True)
class ArtifactTable:
    """The artifacts table."""

    client: DynamoDBClient
    name: str

    def tenant(self, tenant: str, *, consistent: bool = False) -> TenantCatalog:
        """The catalog of ``tenant`` for one request; it remembers what it has read.

        Args:
            tenant: Whose artifacts.
            consistent: Read what was written last, at twice the cost, rather than what is a moment old.
        """
        return TenantCatalog(self, tenant, consistent=consistent)


class TenantCatalog:
    """Implements :class:`installhub.resolver.Catalog`.

    Two ways lead to the edges: a BatchGetItem for each level of the graph, cheap when the closure is a small part of
    the tenant, and a Query of all the tenant's edges, cheap when it is most of it. The closure's size is unknown
    beforehand, so levels are read until they would have cost more than the whole tenant; then the whole tenant is
    read. That is never more than about twice the cheaper way.
    """

    def __init__(self, table: ArtifactTable, tenant: str, *, consistent: bool) -> None:
        self._table = table
        self._tenant = tenant
        self._consistent = consistent
        self._known: dict[str, ArtifactNode] = {}
        self._knows_all = False
        self._spent = 0.0
        self._cost_of_all: float | None = None

    def nodes(self, ids: Collection[str]) -> Mapping[str, ArtifactNode]:
        """The artifacts among ``ids`` that exist in the tenant, by id."""
        unread = [] if self._knows_all else [artifact_id for artifact_id in ids if artifact_id not in self._known]
        while unread:
            if self._is_cheaper_whole(len(unread)):
                self._read_all()
                break
            # The first answer tells what everything would cost; then whole waves are read.
            count = _KEYS_AT_ONCE if self._cost_of_all is None else _KEYS_AT_ONCE * _REQUESTS_AT_ONCE
            self._read_keys(unread[:count])
            unread = unread[count:]
        return {artifact_id: self._known[artifact_id] for artifact_id in ids if artifact_id in self._known}

    def owned_elsewhere(self, ids: Collection[str]) -> Collection[str]:
        """Those of ``ids`` that exist in some other tenant."""
        with ThreadPoolExecutor(max_workers=_REQUESTS_AT_ONCE) as pool:
            return [
                artifact_id
                for artifact_id, owned in zip(ids, pool.map(self._has_other_owner, ids), strict=True)
                if owned
            ]

    def _is_cheaper_whole(self, unread: int) -> bool:
        """Whether a Query of everything costs less than all batches of this request, ``unread`` more keys included."""
        if self._cost_of_all is None:
            return False
        return self._spent + _cost_of_keys(unread) > self._cost_of_all

    def _read_keys(self, ids: Sequence[str]) -> None:
        batches = [
            [items.key_of(self._tenant, items.edge_sort_key(artifact_id)) for artifact_id in ids[start:end]]
            for start, end in pairwise([*range(0, len(ids), _KEYS_AT_ONCE), len(ids)])
        ]
        if self._cost_of_all is None:
            batches[0].insert(0, items.key_of(self._tenant, items.SUMMARY_KEY))
            self._cost_of_all = 0.0
        self._spent += _cost_of_keys(len(ids))
        if len(batches) == 1:
            self._take(self._batch(batches[0]))
            return
        with ThreadPoolExecutor(max_workers=_REQUESTS_AT_ONCE) as pool:
            for found in pool.map(self._batch, batches):
                self._take(found)

    def _batch(self, keys: Sequence[NewItem]) -> list[Item]:
        return batch_get(self._table.client, self._table.name, keys, consistent=self._consistent)

    def _take(self, found: Iterable[Item]) -> None:
        for item in found:
            if item[items.SORT]["S"] == items.SUMMARY_KEY:
                self._cost_of_all = _cost_of_query(int(item[items.EDGE_BYTES]["N"]))
            else:
                self._remember(item)

    def _read_all(self) -> None:
        pages = self._table.client.get_paginator("query").paginate(
            TableName=self._table.name,
            KeyConditionExpression="#pk = :pk AND begins_with(#sk, :prefix)",
            ExpressionAttributeNames={"#pk": items.PARTITION, "#sk": items.SORT},
            ExpressionAttributeValues={
                ":pk": {"S": items.partition_of(self._tenant)},
                ":prefix": {"S": items.EDGE_PREFIX},
            },
            ConsistentRead=self._consistent,
        )
        with unavailable_when_failing("dynamodb"):
            for page in pages:
                for item in page["Items"]:
                    self._remember(item)
        self._knows_all = True

    def _remember(self, item: Item) -> None:
        node = items.node_of(item)
        # Of an artifact read twice the first revision stays: the walk has followed its dependencies.
        self._known.setdefault(node.id, node)

    def _has_other_owner(self, artifact_id: str) -> bool:
        with unavailable_when_failing("dynamodb"):
            answer = self._table.client.query(
                TableName=self._table.name,
                IndexName=items.ID_INDEX,
                KeyConditionExpression="#id = :id",
                ExpressionAttributeNames={"#id": items.ID},
                ExpressionAttributeValues={":id": {"S": artifact_id}},
                Limit=2,
            )
        own = items.partition_of(self._tenant)
        return any(item[items.PARTITION]["S"] != own for item in answer["Items"])


def _cost_of_keys(ids: int) -> float:
    requests = -(-ids // _KEYS_AT_ONCE)
    return requests * _UNITS_PER_ROUND_TRIP + ids * _UNITS_PER_KEY


def _cost_of_query(edge_bytes: int) -> float:
    pages = edge_bytes // _PAGE_BYTES + 1
    return pages * _UNITS_PER_ROUND_TRIP + edge_bytes / _BYTES_PER_UNIT
