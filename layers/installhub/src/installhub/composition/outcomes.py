"""Outcome events."""

from __future__ import annotations

from functools import cache

from installhub.composition.process import settings
from installhub.events.outcome_events import OutcomePublisher
from installhub.runtime import aws_clients


@cache
def outcome_publisher() -> OutcomePublisher:
    """Publishes outcome events on the event bus."""
    return OutcomePublisher(aws_clients.eventbridge, settings().string("EVENT_BUS"))
