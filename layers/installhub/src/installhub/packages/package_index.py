"""Reads the package index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from installhub.model.cursor import CursorScope, Page
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.packages import index_items
from installhub.packages.index_items import ContainingPackage, IndexedPackage
from installhub.runtime.aws_errors import translate_aws_errors
from installhub.runtime.dynamodb import Attribute, Condition, Table, expressions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from installhub.packages.package_filter import PackageFilter
    from installhub.runtime.dynamodb import Item

MAX_LISTED_TENANTS: Final = 50
"""Maximum number of tenants in one list: each is a partition, and takes a request of its own."""

_MAX_CONCURRENT_REQUESTS: Final = 8
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Section:
    """The packages of one partition that were read for a page.

    Attributes:
        items: Those that match the filter, the newest first.
        read_to: The sort key down to which the partition was read; None if it was read to its end.
    """

    items: list[Item]
    read_to: str | None


@dataclass(frozen=True, slots=True)
class PackageIndex:
    """Finds packages by what they contain, by tenant and by name. All reads are strongly consistent.

    Attributes:
        client: DynamoDB.
        table: Name of the package index.
    """

    client: DynamoDBClient
    table: str

    def containing(self, tenant: str, artifact_id: str, limit: int, cursor: str | None) -> Page[ContainingPackage]:
        """A page of up to ``limit`` packages of ``tenant`` that contain an artifact, after the position of ``cursor``.

        Takes one request, however many packages the tenant has.

        Raises:
            InstallHubError: InvalidCursor.
        """
        scope = CursorScope("artifact-packages", tenant, {"artifactId": artifact_id})
        after = None if cursor is None else _position(scope, cursor)
        partition = index_items.artifact_partition(tenant, artifact_id)
        section = self._query(partition, Attribute(index_items.PARTITION).equals(partition), None, after, limit + 1)
        return _page([section], limit, scope, index_items.containing_package)

    def list(
        self, tenants: Sequence[str], wanted: PackageFilter, limit: int, cursor: str | None
    ) -> Page[IndexedPackage]:
        """A page of up to ``limit`` packages of ``tenants``, the newest first, after the position of ``cursor``.

        Takes at most two requests for each tenant. If few of the packages match, the page may have fewer than
        ``limit``, or none.

        Args:
            tenants: At least one, and at most :data:`MAX_LISTED_TENANTS`.
            wanted: Which packages the list contains.
            limit: Maximum number of packages on the page.
            cursor: Where the page starts.

        Raises:
            InstallHubError: InvalidCursor.
        """
        scope = wanted.cursor_scope(tenants)
        after = None if cursor is None else _position(scope, cursor)
        if wanted.is_contradictory:
            return Page((), None)
        if len(tenants) == 1:
            sections = [self._read_section(tenants[0], wanted, after, limit)]
        else:
            with ThreadPoolExecutor(_MAX_CONCURRENT_REQUESTS) as pool:
                sections = list(pool.map(lambda tenant: self._read_section(tenant, wanted, after, limit), tenants))
        return _page(sections, limit, scope, index_items.indexed_package)

    def versions(self, tenant: str, name: str) -> tuple[IndexedPackage, ...]:
        """All packages of ``tenant`` with a name that is equal but for case, the highest version first.

        Takes one request per megabyte: about 2,000 versions.
        """
        from installhub.model.version import highest_first  # noqa: PLC0415  # imports argparse; lists do not need it

        partition = Attribute(index_items.PARTITION).equals(index_items.name_partition(tenant, name))
        found = map(index_items.indexed_package, Table(self.client, self.table).query(partition, consistent=True))
        by_version = {package.version: package for package in found}
        return tuple(by_version[version] for version in highest_first(by_version))

    def _read_section(self, tenant: str, wanted: PackageFilter, after: str | None, limit: int) -> _Section:
        """At least ``limit`` + 1 packages of a tenant, or as many as two requests find."""
        partition = wanted.partition(tenant)
        key_condition = wanted.key_condition(partition)
        # Few packages are yanked: usually, this request finds enough. One more tells whether there is a next page.
        first = self._query(partition, key_condition, wanted.condition, after, limit + 1)
        if first.read_to is None or len(first.items) > limit:
            return first
        second = self._query(partition, key_condition, wanted.condition, first.read_to)
        return _Section(first.items + second.items, second.read_to)

    def _query(  # the parts of a request
        self,
        partition: str,
        key_condition: Condition,
        filter_condition: Condition | None,
        after: str | None,
        limit: int | None = None,
    ) -> _Section:
        """One page of a partition, after the sort key ``after``: ``limit`` items before filtering, or a megabyte."""
        request: dict[str, Any] = {
            "TableName": self.table,
            "ConsistentRead": True,
            "ScanIndexForward": False,
            **expressions(key_condition=key_condition, filter_condition=filter_condition),
        }
        if limit is not None:
            request["Limit"] = limit
        if after is not None:
            request["ExclusiveStartKey"] = index_items.primary_key(partition, after)
        with translate_aws_errors("dynamodb"):
            response = self.client.query(**request)
        last = response.get("LastEvaluatedKey")
        return _Section(response["Items"], None if last is None else last[index_items.SORT]["S"])


def _page(sections: Sequence[_Section], limit: int, scope: CursorScope, parse: Callable[[Item], _T]) -> Page[_T]:
    """The first ``limit`` items of several partitions, the newest first.

    Items below the point down to which every partition was read are left to the next page: another partition may have
    newer ones.
    """
    read_to = max((section.read_to for section in sections if section.read_to is not None), default=None)
    found = {_sort_key(item): item for section in sections for item in section.items}
    sort_keys = sorted((key for key in found if read_to is None or key >= read_to), reverse=True)
    entries = tuple(parse(found[key]) for key in sort_keys[:limit])
    if len(sort_keys) > limit:
        return Page(entries, scope.encode([sort_keys[limit - 1]]))
    return Page(entries, None if read_to is None else scope.encode([read_to]))


def _sort_key(item: Item) -> str:
    return item[index_items.SORT]["S"]


def _position(scope: CursorScope, cursor: str) -> str:
    (sort_key,) = scope.decode(cursor)
    if not index_items.is_sort_key(sort_key):
        raise InstallHubError.of(ErrorCode.INVALID_CURSOR)
    return sort_key
