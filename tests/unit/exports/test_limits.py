"""Limits that are part of the API."""

from __future__ import annotations

from installhub.exports.async_exports import MAX_QUEUED_SECONDS
from installhub.exports.idempotency_store import KEY_RETENTION_SECONDS


def test_an_accepted_export_may_wait_for_six_hours() -> None:
    assert MAX_QUEUED_SECONDS == 6 * 3600


def test_a_response_can_be_repeated_for_24_hours() -> None:
    assert KEY_RETENTION_SECONDS == 24 * 3600
