"""The Mann-Whitney U test: whether two series of timings have the same distribution."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate


def p_value(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the two-sided p-value of the hypothesis that both series have the same distribution.

    Uses the normal approximation, corrected for ties; each series should have at least twenty values.
    """
    n, m = len(first), len(second)
    total = n + m
    counts = Counter([*first, *second])
    values = sorted(counts)
    ends = accumulate(counts[value] for value in values)
    rank = {value: end - (counts[value] - 1) / 2 for value, end in zip(values, ends, strict=True)}
    u = sum(rank[value] for value in first) - n * (n + 1) / 2
    ties = sum(count**3 - count for count in counts.values())
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance == 0:
        return 1.0
    distance = max(0.0, abs(u - n * m / 2) - 0.5)
    return math.erfc(distance / math.sqrt(2 * variance))
