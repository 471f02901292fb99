"""One tenant's artifacts as the resolver's catalog, read as cheaply as the closure allows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from installhub.artifacts import ArtifactNode
from installhub.aws import unavailable_when_failing
from installhub.catalog import items
from installhub.catalog.memory import LastWalk, ReadMemory
from installhub.catalog.reads import MAX_BATCH_KEYS, batch_get

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

    from installhub.catalog.items import Item, NewItem

_BYTES_PER_UNIT: Final = 8 * 1024  # an eventually consistent read unit of a Query
_UNITS_PER_KEY: Final = 0.5  # a BatchGetItem rounds every item up to half a unit
_KEYS_AT_ONCE: Final = MAX_BATCH_KEYS - 1  # the first batch reads the summary too
_REQUESTS_AT_ONCE: Final = 8
_UNITS_PER_ROUND_TRIP: Final = 10
"""What waiting for one more request is worth in read units; see docs/decisions."""


@dataclass(frozen=True, slots=True)
class ArtifactTable:
    """The artifacts table.

    Attributes:
        client: DynamoDB.
        name: The table's.
        memory: What was learned about reading it.
    """

    client: DynamoDBClient
    name: str
    memory: ReadMemory = field(default_factory=ReadMemory)

    def tenant(self, tenant: str, *, consistent: bool = False) -> TenantCatalog:
        """The catalog of ``tenant`` for one request.

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
    read. That is never more than about twice the cheaper way. Where this process has walked from the same roots
    before, it knows better: what it met then is read at once, in the cheaper way.
    """

    def __init__(self, table: ArtifactTable, tenant: str, *, consistent: bool) -> None:
        self._table = table
        self._tenant = tenant
        self._consistent = consistent
        self._known: dict[str, ArtifactNode] = {}
        self._asked: set[str] = set()
        self._knows_all = False
        self._walk: LastWalk | None = None
        self._shape = table.memory.shape(tenant)
        self._has_summary = False
        self._spent = 0.0

    def nodes(self, ids: Collection[str]) -> Mapping[str, ArtifactNode]:
        """The artifacts among ``ids`` that exist in the tenant, by id."""
        expected = dict.fromkeys([*ids, *self._expected_beside(ids)])
        unread = [] if self._knows_all else [artifact_id for artifact_id in expected if artifact_id not in self._asked]
        while unread:
            if self._is_cheaper_whole(len(unread)):
                self._read_all()
                break
            # The first answer tells what everything would cost; then whole waves are read.
            count = _KEYS_AT_ONCE * _REQUESTS_AT_ONCE if self._shape.edges else _KEYS_AT_ONCE
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

    def _expected_beside(self, ids: Collection[str]) -> Collection[str]:
        """What the walk will ask for after its first ``ids``, the roots, going by the last walk from them."""
        if self._walk is not None:
            self._walk.note(ids)
            return ()
        last, self._walk = self._table.memory.new_walk(self._tenant, ids)
        self._walk.note(ids)
        if last.count > len(last.ids) and self._is_cheaper_whole(last.count):
            self._read_all()
        return last.ids

    def _is_cheaper_whole(self, unread: int) -> bool:
        """Whether a Query of everything costs less than all batches of this request, ``unread`` more keys included."""
        if not self._shape.edges:
            return False
        whole = self._shape.pages * _UNITS_PER_ROUND_TRIP + self._shape.edge_bytes / _BYTES_PER_UNIT
        return self._spent + _cost_of_keys(unread) > whole

    def _read_keys(self, ids: Sequence[str]) -> None:
        batches = [
            [items.key_of(self._tenant, items.edge_sort_key(artifact_id)) for artifact_id in ids[start:end]]
            for start, end in pairwise([*range(0, len(ids), _KEYS_AT_ONCE), len(ids)])
        ]
        if not self._has_summary:
            batches[0].insert(0, items.key_of(self._tenant, items.SUMMARY_KEY))
            self._has_summary = True
        self._asked.update(ids)
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
                self._shape.edges = int(item[items.EDGE_COUNT]["N"])
                self._shape.edge_bytes = int(item[items.EDGE_BYTES]["N"])
            else:
                self._remember(items.node_of(item))

    def _read_all(self) -> None:
        """Read all edges: at once, page by page, where the pages' ends are known from the last time."""
        bounds = [None, *self._shape.page_ends, None]
        with ThreadPoolExecutor(max_workers=_REQUESTS_AT_ONCE) as pool:
            sections = list(pool.map(self._read_section, bounds, bounds[1:]))
        page_ends: list[str] = []
        for (nodes, ends), end in zip(sections, bounds[1:], strict=True):
            page_ends += ends if end is None else [*ends, end]
            for node in nodes:
                self._remember(node)
        self._knows_all = True
        self._shape.learn(sum(len(nodes) for nodes, _ in sections), page_ends)

    def _read_section(self, after: str | None, last: str | None) -> tuple[list[ArtifactNode], list[str]]:
        """The edges beyond the sort key ``after``, up to and with ``last``, and where pages ended between them."""
        request: QueryInputTypeDef = {
            "TableName": self._table.name,
            "KeyConditionExpression": "#pk = :pk AND #sk BETWEEN :first AND :last",
            "ExpressionAttributeNames": {"#pk": items.PARTITION, "#sk": items.SORT},
            "ExpressionAttributeValues": {
                ":pk": {"S": items.partition_of(self._tenant)},
                ":first": {"S": after or items.EDGE_PREFIX},
                ":last": {"S": last or items.AFTER_EDGES},
            },
            "ConsistentRead": self._consistent,
        }
        if after is not None:
            request["ExclusiveStartKey"] = items.key_of(self._tenant, after)
        nodes: list[ArtifactNode] = []
        ends: list[str] = []
        while True:
            with unavailable_when_failing("dynamodb"):
                page = self._table.client.query(**request)
            nodes += map(items.node_of, page["Items"])
            if "LastEvaluatedKey" not in page:
                return nodes, ends
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            end = page["LastEvaluatedKey"][items.SORT]["S"]
            if end == last:  # a page that is exactly full says that there may be more
                return nodes, ends
            ends.append(end)

    def _remember(self, node: ArtifactNode) -> None:
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
