"""Remembers which ids a closure consisted of, so that the same process can request them all at once the next time.

The cache contains ids and sizes, never artifacts: it only determines what to request. An outdated entry causes
additional requests, but no wrong results.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

MAX_CACHED_IDS: Final = 10_000
"""Maximum number of cached ids per walk; for larger ones, the whole tenant is usually read."""

_PAGE_BYTES: Final = 1024 * 1024  # a Query returns pages of 1 MB
_MAX_PAGES_RATIO: Final = 1.5
_MAX_WALKS: Final = 16
_MAX_TENANTS: Final = 256


@dataclass(slots=True)
class CachedWalk:
    """The ids that a walk of the dependency graph requested.

    Attributes:
        ids: The requested ids, roots first; at most :data:`MAX_CACHED_IDS`.
        count: Number of requested ids, including those not cached.
    """

    ids: list[str] = field(default_factory=list)
    count: int = 0

    def record(self, ids: Collection[str]) -> None:
        """Record that the walk requested ``ids``."""
        self.count += len(ids)
        if self.count <= MAX_CACHED_IDS:
            self.ids.extend(ids)


@dataclass(slots=True)
class TenantStatistics:
    """Statistics of a tenant's edge items.

    Attributes:
        edges: Number of edge items; 0 if unknown.
        edge_bytes: Total size of the edge items in bytes.
        page_ends: The last sort key of each page of a Query, in order, without the last page.
    """

    edges: int = 0
    edge_bytes: int = 0
    page_ends: tuple[str, ...] = ()

    @property
    def pages(self) -> int:
        """Approximate number of pages of a Query for all edge items."""
        return self.edge_bytes // _PAGE_BYTES + 1

    def update(self, edges: int, page_ends: Sequence[str]) -> None:
        """Record that a Query for all edge items returned ``edges`` of them, on pages that ended at ``page_ends``."""
        if self.edges:
            self.edge_bytes = self.edge_bytes * edges // self.edges
            self.edges = edges
        # If the tenant has grown, the old ends split it into too many small pages; the next read determines new ends.
        self.page_ends = tuple(page_ends) if len(page_ends) < _MAX_PAGES_RATIO * self.pages else ()


class ReadCache:
    """The cached walks and tenant statistics of a process; the least recently used are evicted."""

    def __init__(self) -> None:
        self._walks = lru_cache(maxsize=_MAX_WALKS)(lambda _tenant, _roots: [CachedWalk()])
        self.statistics = lru_cache(maxsize=_MAX_TENANTS)(lambda _tenant: TenantStatistics())

    def start_walk(self, tenant: str, roots: Collection[str]) -> tuple[CachedWalk, CachedWalk]:
        """The last walk from ``roots``, which is empty if there is none, and a new walk that replaces it."""
        entry = self._walks(tenant, tuple(roots))
        last, entry[0] = entry[0], CachedWalk()
        return last, entry[0]
