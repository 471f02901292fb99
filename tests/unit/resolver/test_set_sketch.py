"""The sketch of a set: what it says about differences is true, and it reads sixty of them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.resolver.set_sketch import PRIME, SKETCH_BYTES, SetDifference, difference, sketch_of

numbers = st.integers(1, PRIME - 1)
revisions = st.dictionaries(numbers, numbers, max_size=40)


def expected(before: dict[int, int], now: dict[int, int]) -> SetDifference:
    return SetDifference(
        added=frozenset(now.keys() - before.keys()),
        removed=frozenset(before.keys() - now.keys()),
        modified=frozenset(key for key in now.keys() & before.keys() if now[key] != before[key]),
    )


def random_change(size: int, changes: int, seed: int) -> tuple[dict[int, int], dict[int, int]]:
    """A set and the same set after ``changes``, a third of them of each kind."""
    source = random.Random(seed)  # noqa: S311  # not security-relevant
    before = {source.randrange(1, PRIME): source.randrange(1, PRIME) for _ in range(size)}
    now = dict(before)
    for index, key in enumerate(source.sample(sorted(before), changes)):
        if index % 3 == 0:
            del now[key]
        else:
            now[key if index % 3 == 1 else source.randrange(1, PRIME)] = source.randrange(1, PRIME)
    return before, now


def test_the_prime_is_the_largest_one_of_six_bytes() -> None:
    def is_prime(number: int) -> bool:  # Miller and Rabin; these bases decide every number below 2^64
        odd, twos = number - 1, 0
        while odd % 2 == 0:
            odd, twos = odd // 2, twos + 1
        return all(
            pow(base, odd, number) == 1 or any(pow(base, odd << times, number) == number - 1 for times in range(twos))
            for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
        )

    assert [number for number in range(PRIME, 2**48) if is_prime(number)] == [PRIME]


@given(before=revisions, now=revisions, common=revisions)
def test_differences_are_read_exactly(before: dict[int, int], now: dict[int, int], common: dict[int, int]) -> None:
    before, now = {**common, **before}, {**common, **now}

    found = difference(sketch_of(before), now)

    assert found == expected(before, now)


@given(before=revisions, source=st.integers(0, 2**32))
def test_the_order_of_a_set_makes_no_difference(before: dict[int, int], source: int) -> None:
    shuffled = list(before.items())
    random.Random(source).shuffle(shuffled)  # noqa: S311  # not security-relevant

    assert sketch_of(dict(shuffled)) == sketch_of(before)
    assert len(sketch_of(before)) == SKETCH_BYTES


@pytest.mark.parametrize("changes", [1, 10, 50, 60])
def test_up_to_sixty_differences_of_thousands_of_artifacts_are_read(changes: int) -> None:
    complete = 0
    for seed in range(20):
        before, now = random_change(3_000, changes, seed)
        found = difference(sketch_of(before), now)
        complete += found == expected(before, now)
    assert complete >= 19


@pytest.mark.parametrize("changes", [100, 500, 3_000])
def test_too_many_differences_are_reported_as_incomplete_and_none_is_invented(changes: int) -> None:
    for seed in range(5):
        before, now = random_change(3_000, changes, seed)
        found, every = difference(sketch_of(before), now), expected(before, now)
        assert not found.is_complete
        assert found.added <= every.added
        assert found.removed <= every.removed
        assert found.modified <= every.modified


@given(sketch=st.binary(min_size=SKETCH_BYTES, max_size=SKETCH_BYTES), now=revisions)
def test_any_bytes_are_read(sketch: bytes, now: dict[int, int]) -> None:
    assert not difference(sketch, now).modified - now.keys()
