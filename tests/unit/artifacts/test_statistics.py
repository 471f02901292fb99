"""The size of a tenant is estimated without bias, and few writers update the statistics of a large tenant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.artifacts.statistics import statistics_weight
from tests.strategies import ids


def estimates(count: int, seed: str) -> tuple[int, int]:
    """The estimate after creating ``count`` artifacts one after the other, and how many of them were counted."""
    edges = counted = 0
    for number in range(count):
        weight = statistics_weight(f"{seed}-{number}", edges)
        edges += weight
        counted += weight > 0
    return edges, counted


@pytest.mark.parametrize("count", [1, 10, 63, 64])
def test_a_small_tenant_is_counted_exactly(count: int) -> None:
    assert estimates(count, "rule") == (count, count)


def test_the_estimate_is_close_to_the_number_of_artifacts_and_has_no_bias() -> None:
    errors = [estimates(5_000, f"tenant-{seed}")[0] / 5_000 - 1 for seed in range(12)]

    assert abs(sum(errors) / len(errors)) < 0.06
    assert max(map(abs, errors)) < 0.35


def test_few_artifacts_of_a_large_tenant_are_counted() -> None:
    assert estimates(5_000, "rule")[1] < 500


@given(ids, st.integers(-(10**6), 10**9))
def test_an_artifact_counts_for_none_or_for_a_power_of_two_that_grows_with_the_tenant(
    artifact_id: str, edges: int
) -> None:
    weight = statistics_weight(artifact_id, edges)

    assert weight == 0 or weight & (weight - 1) == 0
    assert weight <= max(1, edges // 32)
    assert edges >= 64 or weight == 1
