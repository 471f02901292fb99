"""Approximate counting of a tenant's artifacts, so that concurrent writers rarely update the same statistics item."""

from __future__ import annotations

import hashlib
from typing import Final

_COUNTED_EXACTLY: Final = 64
"""Up to this many artifacts, every new one is counted. Then the error stays below about a tenth."""


def statistics_weight(artifact_id: str, edges: int) -> int:
    """For how many artifacts a new one counts, in a tenant of about ``edges`` artifacts; 0 if it is not counted.

    One in ``w`` artifacts, chosen by a hash of the id, counts ``w`` times. ``w`` is the power of two that grows with
    the tenant. ``edges`` may be negative, because deleted artifacts are subtracted from an estimate.
    """
    weight = 1 << (max(0, edges) // _COUNTED_EXACTLY).bit_length()
    digest = hashlib.sha256(artifact_id.encode()).digest()
    return weight if int.from_bytes(digest[:8]) % weight == 0 else 0
