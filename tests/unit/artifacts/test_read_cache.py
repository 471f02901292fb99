from __future__ import annotations

from installhub.artifacts.read_cache import MAX_CACHED_IDS, CachedWalk, ReadCache, TenantStatistics

MEGABYTE = 1024 * 1024


def test_the_next_walk_from_the_same_roots_gets_the_cached_one() -> None:
    cache = ReadCache()
    first, walk = cache.start_walk("tenant", ["root"])
    walk.record(["root"])
    walk.record(["a", "b"])
    assert first == CachedWalk()
    assert cache.start_walk("tenant", ["root"])[0].ids == ["root", "a", "b"]
    assert cache.start_walk("tenant", ["root", "a"])[0] == CachedWalk()
    assert cache.start_walk("other tenant", ["root"])[0] == CachedWalk()


def test_only_the_size_of_a_large_walk_is_cached() -> None:
    walk = CachedWalk()
    walk.record(["root"])
    walk.record([f"artifact-{index}" for index in range(MAX_CACHED_IDS)])
    assert (walk.ids, walk.count) == (["root"], MAX_CACHED_IDS + 1)


def test_a_walk_of_ten_thousand_ids_is_cached() -> None:
    walk = CachedWalk()
    walk.record(["root"])
    walk.record([f"artifact-{index}" for index in range(9_999)])
    assert (len(walk.ids), walk.count, MAX_CACHED_IDS) == (10_000, 10_000, 10_000)


def test_the_last_16_walks_are_cached() -> None:
    cache = ReadCache()
    for index in range(17):
        cache.start_walk("tenant", [f"root-{index}"])[1].record(["it"])
    cached = [cache.start_walk("tenant", [f"root-{index}"])[0].count for index in range(16, -1, -1)]
    assert cached == [1] * 16 + [0]


def test_the_statistics_of_the_last_256_tenants_are_cached() -> None:
    cache = ReadCache()
    for index in range(257):
        cache.statistics(f"tenant-{index}").edges = 1
    assert [cache.statistics(f"tenant-{index}").edges for index in range(256, -1, -1)] == [1] * 256 + [0]


def test_nothing_is_known_of_a_new_tenant() -> None:
    statistics = ReadCache().statistics("tenant")
    assert (statistics.edges, statistics.edge_bytes, statistics.page_ends, statistics.pages) == (0, 0, (), 1)
    statistics.update(5, ["E#=a"])
    assert (statistics.edges, statistics.edge_bytes) == (0, 0), "the number is kept only with the size"


def test_a_page_is_a_mebibyte() -> None:
    assert [TenantStatistics(edges=1, edge_bytes=size).pages for size in (0, MEGABYTE - 1, MEGABYTE)] == [1, 1, 2]


def test_a_full_read_updates_the_tenants_statistics() -> None:
    statistics = TenantStatistics(edges=1_000, edge_bytes=200_000)
    statistics.update(100_000, [])
    assert (statistics.edges, statistics.edge_bytes, statistics.pages) == (100_000, 20_000_000, 20)


def test_page_ends_are_dropped_once_pages_have_become_fragments() -> None:
    statistics = TenantStatistics(edges=10_000, edge_bytes=10 * MEGABYTE)
    ends = [f"E#={index:03}" for index in range(40)]
    statistics.update(10_000, ends[:10])
    assert statistics.page_ends == tuple(ends[:10])
    statistics.update(10_500, ends[:20])
    assert statistics.page_ends == ()
