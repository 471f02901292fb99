"""Pausing and freezing the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from installhub.runtime.gc import gc_frozen, gc_paused

both_pauses = pytest.mark.parametrize("pause", [gc_paused, gc_frozen])
Pause = Callable[[], AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def restore_collector() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


@both_pauses
def test_the_collector_is_off_inside_and_on_afterwards(pause: Pause) -> None:
    with pause():
        assert not gc.isenabled()
    assert gc.isenabled()


@both_pauses
def test_a_failure_does_not_leave_the_collector_off(pause: Pause) -> None:
    with pytest.raises(ValueError, match="broken"), pause():
        raise ValueError("broken")
    assert gc.isenabled()


@both_pauses
def test_a_disabled_collector_stays_disabled(pause: Pause) -> None:
    gc.disable()
    with pause():
        pass
    assert not gc.isenabled()


@both_pauses
def test_a_nested_pause_does_not_enable_the_collector(pause: Pause) -> None:
    with pause():
        with pause():
            pass
        assert not gc.isenabled()


def test_only_gc_frozen_excludes_objects_from_later_collections() -> None:
    before = gc.get_freeze_count()
    with gc_paused():
        pass
    assert gc.get_freeze_count() == before
    with gc_frozen():
        pass
    assert gc.get_freeze_count() > before
