"""Spares the garbage collector work that would find nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Do not look for garbage meanwhile.

    For what makes very many objects in one go and drops none of them: each few thousand new ones would have all
    searched, which took a third of ordering 100,000 artifacts. Objects that nothing refers to are freed as ever.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def gc_frozen() -> Iterator[None]:
    """Make what stays: nothing of what there is by the end is searched for garbage, neither meanwhile nor later.

    Importing a large library makes tens of thousands of objects. Searching them, over and over while they grow and
    again with all that is imported after, takes a twentieth of a start and finds nothing.
    """
    with gc_paused():
        try:
            yield
        finally:
            gc.freeze()
