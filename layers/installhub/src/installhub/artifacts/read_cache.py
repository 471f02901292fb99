"""Caches how a process read a tenant, so that it reads the same closure at once the next time.

The cache holds ids and sizes, never artifacts: it only decides what to request, and everything is read again. An
outdated cache costs requests and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

MAX_CACHED_IDS: Final = 10_000
"""Maximum number of cached ids of a closure; for more, the whole tenant is read."""

_PAGE_BYTES: Final = 1024 * 1024  # a Query returns pages of 1 MB
_MAX_PAGES_RATIO: Final = 1.5
_MAX_WALKS: Final = 16
_MAX_TENANTS: Final = 256


@dataclass(slots=True)
class CachedWalk:
    """A walk from certain roots.

    Attributes:
        ids: The ids it requested, roots first; at most :data:`MAX_CACHED_IDS`.
        count: How many ids it requested.
    """

    ids: list[str] = field(default_factory=list)
    count: int = 0

    def record(self, ids: Collection[str]) -> None:
        """Record that the walk requests ``ids``."""
        self.count += len(ids)
        if self.count <= MAX_CACHED_IDS:
            self.ids.extend(ids)


@dataclass(slots=True)
class TenantStatistics:
    """Statistics of a tenant's edge items.

    Attributes:
        edges: How many there are; 0 if unknown.
        edge_bytes: Their total size.
        page_ends: The sort keys at which the pages of a Query ended, in order, except for the last page.
    """

    edges: int = 0
    edge_bytes: int = 0
    page_ends: tuple[str, ...] = ()

    @property
    def pages(self) -> int:
        """About how many pages a Query of all of them returns."""
        return self.edge_bytes // _PAGE_BYTES + 1

    def update(self, edges: int, page_ends: Sequence[str]) -> None:
        """Record that a full read returned ``edges`` items, on pages that ended at ``page_ends``."""
        if self.edges:
            self.edge_bytes = self.edge_bytes * edges // self.edges
            self.edges = edges
        # If the tenant has grown, the old ends yield partial pages; then the ends are determined again the next time.
        self.page_ends = tuple(page_ends) if len(page_ends) < _MAX_PAGES_RATIO * self.pages else ()


class ReadCache:
    """The cached walks and tenant statistics of a process; the least recently used are dropped."""

    def __init__(self) -> None:
        self._walks = lru_cache(maxsize=_MAX_WALKS)(lambda _tenant, _roots: [CachedWalk()])
        self.statistics = lru_cache(maxsize=_MAX_TENANTS)(lambda _tenant: TenantStatistics())

    def start_walk(self, tenant: str, roots: Collection[str]) -> tuple[CachedWalk, CachedWalk]:
        """The last walk from ``roots``, and the new walk that replaces it."""
        place = self._walks(tenant, tuple(roots))
        last, place[0] = place[0], CachedWalk()
        return last, place[0]
