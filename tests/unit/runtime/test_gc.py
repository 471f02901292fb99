"""The garbage collector is paused for a while, and never for good."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from installhub.runtime.gc import gc_frozen, gc_paused

BOTH = pytest.mark.parametrize("spare", [gc_paused, gc_frozen])
Spare = Callable[[], AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def collector_as_it_was() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


@BOTH
def test_the_collector_is_off_inside_and_on_afterwards(spare: Spare) -> None:
    with spare():
        assert not gc.isenabled()
    assert gc.isenabled()


@BOTH
def test_a_failure_does_not_leave_the_collector_off(spare: Spare) -> None:
    with pytest.raises(ValueError, match="broken"), spare():
        raise ValueError("broken")
    assert gc.isenabled()


@BOTH
def test_a_disabled_collector_stays_disabled(spare: Spare) -> None:
    gc.disable()
    with spare():
        pass
    assert not gc.isenabled()


@BOTH
def test_a_nested_pause_does_not_enable_the_collector(spare: Spare) -> None:
    with spare():
        with spare():
            pass
        assert not gc.isenabled()


def test_only_frozen_objects_are_never_searched_again() -> None:
    before = gc.get_freeze_count()
    with gc_paused():
        pass
    assert gc.get_freeze_count() == before
    with gc_frozen():
        pass
    assert gc.get_freeze_count() > before
