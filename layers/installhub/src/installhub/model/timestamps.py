"""The timestamp format of the API and the tables."""

from __future__ import annotations

from datetime import UTC, datetime


def format_timestamp(seconds: float) -> str:
    """The time ``seconds`` after the epoch as RFC 3339 in UTC, truncated to whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
