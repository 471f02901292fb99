"""Events on the event bus."""

from __future__ import annotations

from functools import cache

from installhub.composition.process import settings
from installhub.events.cloud_events import EventPublisher
from installhub.runtime import aws_clients


@cache
def event_publisher() -> EventPublisher:
    """Publishes events on the event bus."""
    return EventPublisher(aws_clients.eventbridge, settings().string("EVENT_BUS"))
