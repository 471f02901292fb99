"""What a process remembers of how it read a tenant, so that it reads the same closure at once the next time.

Only keys and sizes are remembered, never an artifact: they say what to ask for, and everything is read anew. A memory
that is out of date costs requests, and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

MAX_CACHED_IDS: Final = 10_000
"""Most ids of a closure that are worth remembering: to read more of them, one reads the whole tenant."""

_PAGE_BYTES: Final = 1024 * 1024  # a Query answers 1 MB at a time
_MAX_PAGES_RATIO: Final = 1.5
_MAX_WALKS: Final = 16
_MAX_TENANTS: Final = 256


@dataclass(slots=True)
class CachedWalk:
    """The walk from some roots.

    Attributes:
        ids: What it asked for, the roots first; the first :data:`MAX_REMEMBERED_IDS` of them.
        count: How many ids it asked for.
    """

    ids: list[str] = field(default_factory=list)
    count: int = 0

    def record(self, ids: Collection[str]) -> None:
        """The walk asks for ``ids``."""
        self.count += len(ids)
        if self.count <= MAX_CACHED_IDS:
            self.ids.extend(ids)


@dataclass(slots=True)
class TenantStatistics:
    """The edge items of a tenant.

    Attributes:
        edges: How many there are; 0 as long as nothing is known.
        edge_bytes: Bytes of all of them.
        page_ends: The sort keys at which pages of a Query ended, in order, without the last page's.
    """

    edges: int = 0
    edge_bytes: int = 0
    page_ends: tuple[str, ...] = ()

    @property
    def pages(self) -> int:
        """How many pages a Query of all of them answers, about."""
        return self.edge_bytes // _PAGE_BYTES + 1

    def update(self, edges: int, page_ends: Sequence[str]) -> None:
        """A reading of everything met ``edges`` items, on pages that ended at ``page_ends``."""
        if self.edges:
            self.edge_bytes = self.edge_bytes * edges // self.edges
            self.edges = edges
        # Where the tenant has grown, a page has become one and a bit; then they are found anew the next time.
        self.page_ends = tuple(page_ends) if len(page_ends) < _MAX_PAGES_RATIO * self.pages else ()


class ReadCache:
    """The last walks and the tenants of a process; the least recently used are forgotten."""

    def __init__(self) -> None:
        self._walks = lru_cache(maxsize=_MAX_WALKS)(lambda _tenant, _roots: [CachedWalk()])
        self.statistics = lru_cache(maxsize=_MAX_TENANTS)(lambda _tenant: TenantStatistics())

    def start_walk(self, tenant: str, roots: Collection[str]) -> tuple[CachedWalk, CachedWalk]:
        """The last walk from ``roots``, and the one that begins now and takes its place."""
        place = self._walks(tenant, tuple(roots))
        last, place[0] = place[0], CachedWalk()
        return last, place[0]
