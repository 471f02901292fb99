"""Which packages a list contains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from installhub.model.cursor import CursorScope
from installhub.model.lifecycle import Lifecycle
from installhub.model.package import normalized_name, normalized_prefix
from installhub.packages import index_items
from installhub.runtime.dynamodb import Attribute, Condition

if TYPE_CHECKING:
    from installhub.model.artifact import PackageType

_LISTED: Final = (Lifecycle.ACTIVE, Lifecycle.DEPRECATED)
"""The states of packages that are listed unless another one is asked for."""


@dataclass(frozen=True, slots=True)
class PackageFilter:
    """Which packages a list contains; by default, all that are not yanked.

    Attributes:
        name: Only packages with this name; case and surrounding whitespace do not count.
        name_prefix: Only packages whose name starts with this; case does not count.
        package_type: Only packages with this purpose.
        tag: Only packages with this tag.
        lifecycle: Only packages in this state.
        exported_after: Only packages exported later than this second, RFC 3339 in UTC.
        exported_before: Only packages exported earlier than this second, RFC 3339 in UTC.
    """

    name: str | None = None
    name_prefix: str | None = None
    package_type: PackageType | None = None
    tag: str | None = None
    lifecycle: Lifecycle | None = None
    exported_after: str | None = None
    exported_before: str | None = None

    @property
    def is_contradictory(self) -> bool:
        """Whether no package can match, since none was exported before and after the given times."""
        return self._first > self._last

    @property
    def condition(self) -> Condition:
        """The filter as a condition on items of the package index, except for name and times."""
        states = (self.lifecycle,) if self.lifecycle else _LISTED
        conditions = [Attribute(index_items.LIFECYCLE).is_in([state.value for state in states])]
        if self.name_prefix is not None:
            normalized = Attribute(index_items.NORMALIZED_NAME)
            conditions.append(normalized.begins_with(normalized_prefix(self.name_prefix)))
        if self.package_type is not None:
            conditions.append(Attribute(index_items.PACKAGE_TYPE).equals(self.package_type.value))
        if self.tag is not None:
            conditions.append(Attribute(index_items.TAGS).contains(self.tag))
        combined, *others = conditions
        for condition in others:
            combined &= condition
        return combined

    def partition(self, tenant: str) -> str:
        """The partition of the package index with the packages of ``tenant``, or with those that have the name."""
        if self.name is None:
            return index_items.tenant_partition(tenant)
        return index_items.name_partition(tenant, self.name)

    def key_condition(self, partition: str) -> Condition:
        """The condition on the keys of the items in ``partition``."""
        return Attribute(index_items.PARTITION).equals(partition) & Attribute(index_items.SORT).between(
            self._first, self._last
        )

    def cursor_scope(self, tenants: Sequence[str]) -> CursorScope:
        """What the cursors of this list belong to."""
        filters = {
            "name": None if self.name is None else normalized_name(self.name),
            "namePrefix": self.name_prefix,
            "packageType": self.package_type,
            "tag": self.tag,
            "lifecycle": self.lifecycle,
            "exportedAfter": self.exported_after,
            "exportedBefore": self.exported_before,
        }
        return CursorScope("packages", "\0".join(sorted(tenants)), filters)

    @property
    def _first(self) -> str:
        return index_items.first_sort_key(self.exported_after)

    @property
    def _last(self) -> str:
        return index_items.last_sort_key(self.exported_before)
