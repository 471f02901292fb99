"""The lifecycle of a package and its history."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from installhub.model.lifecycle import MAX_HISTORY, MAX_HISTORY_BYTES, Lifecycle, LifecycleChange, LifecycleState

CHANGES = st.builds(
    LifecycleChange,
    lifecycle=st.sampled_from(Lifecycle),
    reason=st.none() | st.text(max_size=20),
    replaced_by=st.none() | st.text(max_size=5),
    changed_at=st.just("2026-06-01T08:30:00Z"),
    changed_by=st.text(max_size=5),
)


def test_a_new_package_is_active() -> None:
    state = LifecycleState()

    assert (state.lifecycle, state.reason, state.replaced_by, state.revision) == (Lifecycle.ACTIVE, None, None, 0)


@given(st.lists(CHANGES, min_size=1, max_size=2 * MAX_HISTORY))
def test_the_newest_changes_are_kept_and_the_last_one_counts(changes: list[LifecycleChange]) -> None:
    state = LifecycleState()
    for change in changes:
        state = state.changed(change)

    assert list(state.history) == changes[-MAX_HISTORY:]
    assert state.revision == len(changes)
    assert (state.lifecycle, state.reason, state.replaced_by) == (
        changes[-1].lifecycle,
        changes[-1].reason,
        changes[-1].replaced_by,
    )


@given(st.lists(st.integers(1, MAX_HISTORY_BYTES * 2), min_size=1, max_size=6))
def test_the_history_has_a_limited_size_but_always_the_last_change(sizes: list[int]) -> None:
    state = LifecycleState()
    for size in sizes:
        state = state.changed(LifecycleChange(Lifecycle.YANKED, "x" * size, None, "2026-06-01T08:30:00Z", "someone"))
        kept = sum(len(json.dumps(change.as_json())) for change in state.history)
        assert kept <= MAX_HISTORY_BYTES or len(state.history) == 1
        assert state.history[-1].reason == "x" * size


@given(CHANGES)
def test_a_change_is_read_as_it_was_written(change: LifecycleChange) -> None:
    assert LifecycleChange.from_json(json.loads(json.dumps(change.as_json()))) == change
