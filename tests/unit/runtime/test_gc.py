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
def test_it_is_off_meanwhile_and_on_afterwards(spare: Spare) -> None:
    with spare():
        assert not gc.isenabled()
    assert gc.isenabled()


@BOTH
def test_a_failure_does_not_leave_it_off(spare: Spare) -> None:
    with pytest.raises(ValueError, match="broken"), spare():
        raise ValueError("broken")
    assert gc.isenabled()


@BOTH
def test_whoever_turned_it_off_finds_it_off(spare: Spare) -> None:
    gc.disable()
    with spare():
        pass
    assert not gc.isenabled()


@BOTH
def test_one_within_another_does_not_turn_it_on(spare: Spare) -> None:
    with spare():
        with spare():
            pass
        assert not gc.isenabled()


def test_only_what_is_made_to_last_is_never_searched_again() -> None:
    before = gc.get_freeze_count()
    with gc_paused():
        pass
    assert gc.get_freeze_count() == before
    with gc_frozen():
        pass
    assert gc.get_freeze_count() > before
