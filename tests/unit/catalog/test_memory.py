from __future__ import annotations

from installhub.catalog.memory import MAX_REMEMBERED_IDS, LastWalk, ReadMemory, TenantShape

MEGABYTE = 1024 * 1024


def test_a_walk_is_given_again_to_the_next_from_the_same_roots() -> None:
    memory = ReadMemory()
    first, walk = memory.new_walk("tenant", ["root"])
    walk.note(["root"])
    walk.note(["a", "b"])
    assert first == LastWalk()
    assert memory.new_walk("tenant", ["root"])[0].ids == ["root", "a", "b"]
    assert memory.new_walk("tenant", ["root", "a"])[0] == LastWalk()
    assert memory.new_walk("other tenant", ["root"])[0] == LastWalk()


def test_of_a_large_walk_only_the_size_is_remembered() -> None:
    walk = LastWalk()
    walk.note(["root"])
    walk.note([f"artifact-{place}" for place in range(MAX_REMEMBERED_IDS)])
    assert (walk.ids, walk.count) == (["root"], MAX_REMEMBERED_IDS + 1)


def test_old_walks_are_forgotten() -> None:
    memory = ReadMemory()
    memory.new_walk("tenant", ["root"])[1].note(["root"])
    for place in range(100):
        memory.new_walk("tenant", [f"other-{place}"])
    assert memory.new_walk("tenant", ["root"])[0] == LastWalk()


def test_a_tenants_size_is_carried_on_by_what_was_read() -> None:
    shape = TenantShape(edges=1_000, edge_bytes=200_000)
    shape.learn(100_000, [])
    assert (shape.edges, shape.edge_bytes, shape.pages) == (100_000, 20_000_000, 20)


def test_page_ends_are_dropped_once_pages_have_become_fragments() -> None:
    shape = TenantShape(edges=10_000, edge_bytes=10 * MEGABYTE)
    ends = [f"E#={place:03}" for place in range(40)]
    shape.learn(10_000, ends[:10])
    assert shape.page_ends == tuple(ends[:10])
    shape.learn(10_500, ends[:20])
    assert shape.page_ends == ()
