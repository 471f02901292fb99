from __future__ import annotations

from installhub.artifacts.read_cache import MAX_CACHED_IDS, CachedWalk, ReadCache, TenantStatistics

MEGABYTE = 1024 * 1024


def test_the_next_walk_from_the_same_roots_gets_the_cached_one() -> None:
    memory = ReadCache()
    first, walk = memory.start_walk("tenant", ["root"])
    walk.record(["root"])
    walk.record(["a", "b"])
    assert first == CachedWalk()
    assert memory.start_walk("tenant", ["root"])[0].ids == ["root", "a", "b"]
    assert memory.start_walk("tenant", ["root", "a"])[0] == CachedWalk()
    assert memory.start_walk("other tenant", ["root"])[0] == CachedWalk()


def test_only_the_size_of_a_large_walk_is_cached() -> None:
    walk = CachedWalk()
    walk.record(["root"])
    walk.record([f"artifact-{place}" for place in range(MAX_CACHED_IDS)])
    assert (walk.ids, walk.count) == (["root"], MAX_CACHED_IDS + 1)


def test_old_walks_are_dropped() -> None:
    memory = ReadCache()
    memory.start_walk("tenant", ["root"])[1].record(["root"])
    for place in range(100):
        memory.start_walk("tenant", [f"other-{place}"])
    assert memory.start_walk("tenant", ["root"])[0] == CachedWalk()


def test_a_full_read_updates_the_tenants_statistics() -> None:
    shape = TenantStatistics(edges=1_000, edge_bytes=200_000)
    shape.update(100_000, [])
    assert (shape.edges, shape.edge_bytes, shape.pages) == (100_000, 20_000_000, 20)


def test_page_ends_are_dropped_once_pages_have_become_fragments() -> None:
    shape = TenantStatistics(edges=10_000, edge_bytes=10 * MEGABYTE)
    ends = [f"E#={place:03}" for place in range(40)]
    shape.update(10_000, ends[:10])
    assert shape.page_ends == tuple(ends[:10])
    shape.update(10_500, ends[:20])
    assert shape.page_ends == ()
