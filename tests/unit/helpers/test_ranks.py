"""The rank test used by the timing tests."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from tests.ranks import p_value


def exact_p_value(first: list[float], second: list[float]) -> float:
    """Return the exact p-value, by trying every split of the values."""
    values = [*first, *second]
    n, m = len(first), len(second)

    def distance(chosen: tuple[int, ...]) -> float:
        rest = [value for index, value in enumerate(values) if index not in chosen]
        wins = sum((values[index] > other) + (values[index] == other) / 2 for index in chosen for other in rest)
        return abs(wins - n * m / 2)

    observed = distance(tuple(range(n)))
    extreme = [distance(chosen) >= observed for chosen in combinations(range(n + m), n)]
    return sum(extreme) / len(extreme)


@pytest.mark.parametrize("seed", range(6))
def test_the_rank_test_is_close_to_all_permutations(seed: int) -> None:
    source = random.Random(seed)  # noqa: S311  # not security-relevant
    first = [round(source.gauss(0, 1), seed % 2) for _ in range(8)]
    second = [round(source.gauss(0.8, 1), seed % 2) for _ in range(8)]

    assert p_value(first, second) == pytest.approx(exact_p_value(first, second), abs=0.03)


def test_equal_distributions_are_rarely_distinguished() -> None:
    source = random.Random(1)  # noqa: S311
    false_positives = sum(
        p_value([source.random() for _ in range(40)], [source.random() for _ in range(40)]) < 0.05 for _ in range(400)
    )

    assert 8 <= false_positives <= 34


def test_a_shift_is_detected_and_equal_values_are_not() -> None:
    source = random.Random(2)  # noqa: S311
    series = [source.gauss(10, 1) for _ in range(300)]

    assert p_value(series, [value + 0.5 for value in series]) < 0.001
    assert p_value([1.0] * 30, [1.0] * 30) == 1
